/** Names for what is written beside its place and renamed when whole; and clearing away what a killed process left. */

import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

let made = 0;

/** A name of this process's own beside `path`; hidden, so that nobody takes it for the file. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${made++}.tmp`);
}

/** A writer on another machine that shares the folder is not in our table of processes, but it is not silent either. */
const silence = 60_000;

/** Removes what writers of `path` left that are no longer alive. */
export async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    const owner = name.startsWith(prefix) ? /^(\d+)\.\d+\.tmp$/.exec(name.slice(prefix.length)) : null;
    if (!owner || isRunning(Number(owner[1]))) continue;
    const left = join(folder, name);
    if (Date.now() - (await lastTouched(left)) > silence) await rm(left, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
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
