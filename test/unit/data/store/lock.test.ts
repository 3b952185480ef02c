import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockStore } from '../../../../lib/data/store/lock.js';
import { temporaryFolder } from '../fixtures.js';

/** A lock as someone else's process would have left it; the smallest of tokens. */
async function left(folder: string, host: string, pid: number, hoursAgo = 0): Promise<void> {
  const file = join(folder, `prepare.lock.${host}.${pid}.0000000000000000`);
  await writeFile(file, '');
  const then = new Date(Date.now() - 3600_000 * hoursAgo);
  await utimes(file, then, then);
}

const host = hostname().replaceAll(/[^\w-]/g, '-');
/** A number that no process has. */
const nobody = 2 ** 22 + 1;

it('is one writer’s at a time, and gone afterwards', async () => {
  const folder = await temporaryFolder();
  {
    await using _first = await lockStore(folder);
    await expect(lockStore(folder)).rejects.toMatchObject({
      code: 'DATA',
      message: `${folder} is being prepared by process ${process.pid} on ${host}; wait for it`,
    });
    expect(await readdir(folder)).toHaveLength(1);
  }
  expect(await readdir(folder)).toEqual([]);
});

it('of many that begin together one gets it', async () => {
  for (let round = 0; round < 20; round++) {
    const folder = await temporaryFolder();
    await left(folder, host, nobody);
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(async () => await lockStore(folder)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toHaveLength(1);
  }
});

it('is taken over from a process that is no more', async () => {
  const folder = await temporaryFolder();
  await left(folder, host, nobody);
  await (await lockStore(folder))[Symbol.asyncDispose]();
  expect(await readdir(folder)).toEqual([]);
});

it('is left to a living process, and to another machine’s until that has been silent', async () => {
  const folder = await temporaryFolder();
  await left(folder, host, process.ppid, 100);
  await expect(lockStore(folder)).rejects.toThrow(`process ${process.ppid} on ${host}; wait for it`);
  const another = await temporaryFolder();
  await left(another, 'elsewhere', 7, 0.5);
  await expect(lockStore(another)).rejects.toThrow('process 7 on elsewhere; wait for it');
  await left(another, 'elsewhere', 7, 2);
  await (await lockStore(another))[Symbol.asyncDispose]();
});

it('shows that it is in use when touched', async () => {
  const folder = await temporaryFolder();
  await using lock = await lockStore(folder);
  const [name] = await readdir(folder);
  const file = join(folder, name ?? '');
  await utimes(file, new Date(0), new Date(0));
  await lock.touch();
  expect(Date.now() - (await stat(file)).mtimeMs).toBeLessThan(60_000);
});
