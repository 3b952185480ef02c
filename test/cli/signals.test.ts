/** Ctrl-C, once and more than once. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo/demo.js';
import { program } from './program.js';

const signals = new URL('../../dist/cli/ui/signals.js', import.meta.url).href;

it('that arrives twice at once, as from a terminal and a wrapper, still saves', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-signals-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await drawDemoSet(join(folder, 'images'), { training: 8, validation: 2, seed: [7, 0] });
  let asked = false;
  const stopped = await program(
    'train images --preset mini --batch 8 --threads 1 --steps 100000 --validate-every 2 --out run'.split(' '),
    {
      cwd: folder,
      onOutput: (stdout, child) => {
        if (asked || !stdout.includes('validation top-1')) return;
        asked = true;
        child.kill('SIGINT');
        setTimeout(() => child.kill('SIGINT'), 2);
      },
    },
  );
  expect(stopped).toMatchObject({ code: 130, stderr: '' });
  expect(stopped.stdout).toMatch(/stopped after step [\d,]+ of 100,000, saved; resume with:/);
});

it('ends the program at once only when it is pressed again a second later', async () => {
  const script = `
    import { interruptible } from '${signals}';
    interruptible(() => console.log('first'));
    setInterval(() => undefined, 1000);
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const printed = async (text: string): Promise<void> => {
    while (!output.includes(text)) await sleep(5);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'exit');
  await printed('ready');
  child.kill('SIGINT');
  await printed('first');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGINT'] as const) {
    await sleep(2);
    child.kill(signal);
  }
  await sleep(1100);
  expect(child.exitCode).toBe(null);
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(output).toBe('ready\nfirst\n');
});
