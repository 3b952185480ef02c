import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { lockFolder, type LockKind } from '../../../lib/formats/folder-lock.js';

const kind: LockKind = {
  prefix: 'test.lock',
  silence: 60_000,
  inUse: ({ pid, here }) => new Error(`process ${pid}, ${here ? 'here' : 'elsewhere'}`),
};

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'folder-lock-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}

it('is not held by a later process of the same number', async () => {
  const folder = await temporaryFolder();
  const host = hostname().replaceAll(/[^\w-]/g, '-');
  const file = join(folder, `test.lock.${host}.${process.ppid}.0000000000000000`);
  await writeFile(file, '');
  await expect(lockFolder(folder, kind)).rejects.toThrow(`process ${process.ppid}, here`);
  if (!existsSync('/proc/self/stat')) return;
  await writeFile(file, '1');
  await using _lock = await lockFolder(folder, kind);
  expect(await readdir(folder)).toHaveLength(1);
});

it('goes with a process that ends without releasing it', async () => {
  const folder = await temporaryFolder();
  const script = `
    import { lockFolder } from '${new URL('../../../dist/lib/formats/folder-lock.js', import.meta.url).href}';
    import { readdirSync } from 'node:fs';
    await lockFolder('.', { prefix: 'test.lock', silence: 60_000, inUse: () => new Error() });
    console.log(readdirSync('.').length);
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
  });
  expect(stdout).toBe('1\n');
  expect(await readdir(folder)).toEqual([]);
});
