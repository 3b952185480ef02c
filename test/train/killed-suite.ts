/** Runs of the program that are killed and resumed, against one that is not. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo/demo.js';

const program = fileURLToPath(new URL('../../dist/cli/start.cjs', import.meta.url));

/** When a run is killed: so many milliseconds after its start, or as soon as it has saved. */
type Moment = number | 'saved';

interface Kills {
  readonly steps: number;
  readonly moments: readonly Moment[];
  /** So many of the runs at least end by being killed. */
  readonly atLeast: number;
}

export function killedSuite(title: string, { steps, moments, atLeast }: Kills): void {
  let folder: string;
  const at = (...parts: string[]): string => join(folder, ...parts);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-killed-'));
    await drawDemoSet(at('images'), { training: 12, validation: 3, seed: [7, 0] });
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const last = (out: string): string => at(out, 'checkpoints', 'last.safetensors');

  const fresh = (out: string): string[] => [
    'train',
    at('images'),
    ...`--preset mini --batch 16 --steps ${steps}`.split(' '),
    // A save after every step: many of the kills fall into the writing of a checkpoint.
    ...'--save-every 1 --validate-every 7 --json --out'.split(' '),
    at(out),
  ];

  const untilSaved = async (out: string): Promise<void> => {
    while (!existsSync(last(out))) await sleep(5);
  };

  /** Runs the program, killing it outright at that moment; resolves with its exit code, null if killed. */
  async function run(out: string, args: string[], moment?: Moment): Promise<number | null> {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    if (moment !== undefined) {
      const reached = moment === 'saved' ? untilSaved(out) : sleep(moment);
      await Promise.race([reached, ended]);
      child.kill('SIGKILL');
    }
    return await ended;
  }

  const hash = async (out: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(last(out)))
      .digest('hex');

  const isRun = async (out: string): Promise<boolean> =>
    (await readdir(at(out)).catch((): string[] => [])).includes('config.json');

  /** Starts or resumes; a run that was killed before it had a config.json begins anew. */
  const goOn = async (out: string): Promise<string[]> => {
    if (await isRun(out)) return ['train', '--resume', at(out), '--json'];
    await rm(at(out), { recursive: true, force: true });
    return fresh(out);
  };

  const metrics = async (out: string): Promise<unknown[]> =>
    (await readFile(at(out, 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { step: number; loss?: number })
      .filter(({ loss }) => loss !== undefined)
      .map(({ step, loss }) => [step, loss]);

  describe('a run killed at any moment goes on as if it had not been', () => {
    it(`to the last bit, weights, momentum and metrics, ${title}`, async () => {
      expect(await run('whole', fresh('whole'))).toBe(0);
      let kills = 0;
      for (const moment of moments) {
        if ((await run('killed', await goOn('killed'), moment)) === null) kills++;
      }
      expect(kills).toBeGreaterThanOrEqual(atLeast);
      expect(await run('killed', await goOn('killed'))).toBe(0);
      expect(await hash('killed')).toBe(await hash('whole'));
      expect(await metrics('killed')).toEqual(await metrics('whole'));
      const left = await readdir(at('killed', 'checkpoints'));
      expect(left.filter((name) => name.endsWith('.safetensors')).toSorted()).toEqual([
        'best.safetensors',
        'last.safetensors',
      ]);
    });
  });
}
