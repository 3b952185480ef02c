/** One process at a time works in a folder: files in it, whose names say which process made them. */

import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, startOf } from './running.js';

export interface FolderLock extends AsyncDisposable {
  /** Now and then, so that other machines see that it is in use. */
  touch(): Promise<void>;
}

/** Who has a folder locked. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Whether this is its machine: only there it is known at once that a process has died. */
  readonly here: boolean;
}

/** What a lock is for. */
export interface LockKind {
  /** The beginning of the file's name. */
  readonly prefix: string;
  /** Of processes on other machines it is only known when they last touched their file: this long ago they are dead, milliseconds. */
  readonly silence: number;
  /** What to throw while another process has it. */
  readonly inUse: (holder: Holder) => Error;
}

const host = hostname().replaceAll(/[^\w-]/g, '-');

/** How long one that begins waits for others that begin, milliseconds. */
const patience = 1000;

/** This process's own files by name: its number alone says little, since in a container every process may have the same. */
const own = new Map<string, string>();

/** What ends without releasing its locks should not keep other machines waiting. */
const removeOwn = (): void => {
  for (const file of own.values()) rmSync(file, { force: true });
};

interface Claim extends Holder {
  readonly name: string;
  readonly token: string;
}

/** A lock file's name in its parts; null for other files. */
function claimOf(name: string, prefix: string): Claim | null {
  if (!name.startsWith(`${prefix}.`)) return null;
  const parts = /^([\w-]+)\.(\d+)\.([0-9a-f]{16})$/.exec(name.slice(prefix.length + 1));
  const [, its, pid, token] = parts ?? [];
  return its && pid && token ? { name, host: its, pid: Number(pid), token, here: its === host } : null;
}

/** Whether a name in a folder is that of a lock of this kind, held or left. */
export const isLock = (name: string, { prefix }: Pick<LockKind, 'prefix'>): boolean =>
  claimOf(name, prefix) !== null;

/**
 * Locks `folder`, which exists. Throws what `kind` says while another process has it; a dead one's lock is taken over.
 *
 * Whoever wants the lock makes a file first and looks for others' then: of two, the later one to make it sees the other's.
 * It is held by who sees no other living process's; of those that begin together, the one with the smallest token stays.
 */
export async function lockFolder(folder: string, kind: LockKind): Promise<FolderLock> {
  const token = randomBytes(8).toString('hex');
  const name = `${kind.prefix}.${host}.${process.pid}.${token}`;
  const file = resolve(folder, name);
  const release = async (): Promise<void> => {
    await rm(file, { force: true });
    own.delete(name);
  };
  if (!process.listeners('exit').includes(removeOwn)) process.on('exit', removeOwn);
  own.set(name, file);
  try {
    await writeFile(file, await startOf(process.pid));
    const deadline = performance.now() + patience;
    for (;;) {
      const others = (await living(folder, kind)).filter((claim) => claim.name !== name);
      const [first] = others;
      if (!first) break;
      if (others.some((other) => other.token < token) || performance.now() > deadline)
        throw kind.inUse(first);
      await sleep(10);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return {
    touch: async () => await utimes(file, new Date(), new Date()).catch(() => undefined),
    [Symbol.asyncDispose]: release,
  };
}

/** Those that are alive; the others' files are removed. */
async function living(folder: string, kind: LockKind): Promise<Claim[]> {
  const alive: Claim[] = [];
  for (const name of await readdir(folder)) {
    const claim = claimOf(name, kind.prefix);
    if (!claim) continue;
    if (await isAlive(folder, claim, kind.silence)) alive.push(claim);
    else await rm(join(folder, name), { force: true });
  }
  return alive;
}

async function isAlive(folder: string, claim: Claim, silence: number): Promise<boolean> {
  if (own.has(claim.name)) return true;
  const file = join(folder, claim.name);
  if (claim.here) return await isRunning(claim.pid, await readFile(file, 'utf8').catch(() => ''));
  const found = await stat(file).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs < silence;
}
