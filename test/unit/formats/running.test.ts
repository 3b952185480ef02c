import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isRunning, startOf } from '../../../lib/formats/running.js';

const linux = existsSync('/proc/self/stat');

describe('a process', () => {
  it('runs until it has ended', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const pid = child.pid ?? 0;
    expect(await isRunning(pid)).toBe(true);
    expect(await isRunning(pid, await startOf(pid))).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await isRunning(pid)).toBe(false);
  });

  it.runIf(linux)('is another one if it started at another time', async () => {
    expect(await startOf(process.ppid)).toMatch(/^\d+$/);
    expect(await isRunning(process.ppid, '1')).toBe(false);
  });

  it.runIf(linux)('that has ended runs no more, although its parent has not noticed', async () => {
    // The shell becomes a program that never asks what became of its child.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: 'pipe' });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(text.toString());
    while (!/\) Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8'))) await sleep(10);
    expect(await isRunning(pid)).toBe(false);
    parent.kill('SIGKILL');
  });
});
