/** Temporary names for files that are renamed when complete; and the removal of those that a killed process left. */

import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isRunning } from './running.js';

const host = hostname().replaceAll(/[^\w-]/g, '-');
/** Names given out by this process. */
const own = new Set<string>();

/** A name of this process's own beside `path`; hidden, so that nobody takes it for the file. */
export function temporaryName(path: string): string {
  const name = `.${basename(path)}.${host}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  own.add(name);
  return join(dirname(path), name);
}

/** Of writers on other machines that share the folder it is only known when they last wrote. */
const silence = 3600_000;

/** Removes what writers of `path` left that are no longer alive. */
export async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    const parts = name.startsWith(prefix)
      ? /^(.+)\.(\d+)\.[0-9a-f]{8}\.tmp$/.exec(name.slice(prefix.length))
      : null;
    if (!parts || own.has(name)) continue;
    const left = join(folder, name);
    const alive =
      parts[1] === host
        ? await isRunning(Number(parts[2]))
        : Date.now() - (await lastTouched(left)) < silence;
    if (!alive) await rm(left, { recursive: true, force: true });
  }
}

/** Of a file, or of a folder and the files in it: a folder's own time does not move while a file in it grows. */
async function lastTouched(path: string): Promise<number> {
  const inside = await readdir(path).catch(() => []);
  const times = [path, ...inside.map((name) => join(path, name))].map(
    async (each) => (await stat(each).catch(() => null))?.mtimeMs ?? 0,
  );
  return Math.max(...(await Promise.all(times)));
}
