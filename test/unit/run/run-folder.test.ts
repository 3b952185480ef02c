import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunFolder, type RunConfig } from '../../../lib/run/run-folder.js';

let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);
const host = hostname().replaceAll(/[^\w-]/g, '-');
/** A number that no process has. */
const nobody = 2 ** 22 + 1;
const config = { version: 1, preset: 'mini' } as RunConfig;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-folder-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A lock as another process would have left it. */
const lockOf = async (run: string, pid: number, its = host): Promise<void> =>
  await writeFile(join(run, `train.lock.${its}.${pid}.0000000000000000`), '');

/** A run that has come so far. */
async function ran(path: string, steps: number): Promise<void> {
  await using run = await RunFolder.create('mini', path);
  await run.begin(config, 0);
  for (let step = 1; step <= steps; step++) await run.log({ step });
}

describe('a run in progress', () => {
  it('is refused to everybody else, in a line that names the process, and free afterwards', async () => {
    const run = await RunFolder.create('mini', at('run'));
    const refusal = {
      code: 'IN_USE',
      message: `${at('run')} is in use by process ${process.pid} on ${host}; wait for it`,
    };
    await expect(RunFolder.create('mini', at('run'))).rejects.toMatchObject(refusal);
    await run.begin(config, 0);
    await run.log({ step: 1 });
    await expect(RunFolder.create('mini', at('run'))).rejects.toMatchObject(refusal);
    await expect(RunFolder.open(at('run'))).rejects.toMatchObject(refusal);
    await run[Symbol.asyncDispose]();
    expect((await readdir(at('run'))).toSorted()).toEqual(['checkpoints', 'config.json', 'metrics.jsonl']);
    await (await RunFolder.open(at('run')))[Symbol.asyncDispose]();
  });

  it('is told how long it takes for one killed on another machine', async () => {
    await ran(at('run'), 1);
    await lockOf(at('run'), 7, 'elsewhere');
    await expect(RunFolder.open(at('run'))).rejects.toThrow(
      'in use by process 7 on elsewhere; wait for it, or for 5 minutes if it was killed',
    );
  });

  it('whose process was killed is taken over, and so is the folder of one that had not begun', async () => {
    await ran(at('run'), 3);
    await lockOf(at('run'), nobody);
    await using run = await RunFolder.open(at('run'));
    await run.begin(config, 2);
    expect(await readFile(at('run', 'metrics.jsonl'), 'utf8')).toBe('{"step":1}\n{"step":2}\n');
    await mkdir(at('killed'));
    await lockOf(at('killed'), nobody);
    await using other = await RunFolder.create('mini', at('killed'));
    expect(await readdir(other.path)).toHaveLength(1);
  });

  it('keeps its lock out of folders that hold something else', async () => {
    await mkdir(at('photos'));
    await writeFile(at('photos', 'cat.jpg'), '');
    await expect(RunFolder.create('mini', at('photos'))).rejects.toMatchObject({ code: 'USAGE' });
    expect(await readdir(at('photos'))).toEqual(['cat.jpg']);
  });
});

describe('a start that fails', () => {
  it('leaves no folder', async () => {
    {
      await using _early = await RunFolder.create('mini', at('early'));
      await using run = await RunFolder.create('mini', at('late'));
      await run.begin(config, 0);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves a folder that was there before, and what somebody put into it since', async () => {
    await mkdir(at('theirs'));
    {
      await using theirs = await RunFolder.create('mini', at('theirs'));
      await theirs.begin(config, 0);
      await using ours = await RunFolder.create('mini', at('ours'));
      await ours.begin(config, 0);
      await writeFile(at('ours', 'notes.txt'), '');
    }
    expect(await readdir(at('theirs'))).toEqual([]);
    expect(await readdir(at('ours'))).toEqual(['notes.txt']);
  });

  it('leaves the folder of a run that is resumed as it was', async () => {
    await ran(at('run'), 3);
    await rm(at('run', 'metrics.jsonl'));
    {
      await using _failing = await RunFolder.open(at('run'));
    }
    {
      await using failing = await RunFolder.open(at('run'));
      await failing.begin(config, 0);
    }
    expect(await readdir(at('run'))).toContain('config.json');
  });

  it('that had done a step keeps it', async () => {
    await ran(at('run'), 1);
    expect(await readFile(at('run', 'metrics.jsonl'), 'utf8')).toBe('{"step":1}\n');
  });
});
