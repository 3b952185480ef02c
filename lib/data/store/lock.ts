/** One writer at a time: files in the store, whose names say which process made them. */

import { randomBytes } from 'node:crypto';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AlexNetError } from '../../errors.js';
import { isRunning } from '../../formats/temporary.js';

const host = hostname().replaceAll(/[^\w-]/g, '-');

/** Of writers on other machines it is only known when they last touched their file. */
const silence = 3600_000;

/** How long one that begins waits for others that begin, milliseconds. */
const patience = 1000;

/** This process's own: its number alone says little, since in a container every run may have the same. */
const own = new Set<string>();

export interface StoreLock extends AsyncDisposable {
  /** Now and then, so that other machines see that it is in use. */
  touch(): Promise<void>;
}

/** Another process is writing to the store. */
export class StoreInUse extends AlexNetError {
  constructor(folder: string, { pid, host: its }: Pick<Writer, 'pid' | 'host'>) {
    super('DATA', `${folder} is being prepared by process ${pid} on ${its}; wait for it`);
  }
}

interface Writer {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly token: string;
}

const parsed = (name: string): Writer | null => {
  const [, ofHost, pid, token] = /^prepare\.lock\.([\w-]+)\.(\d+)\.([0-9a-f]{16})$/.exec(name) ?? [];
  return ofHost && pid && token ? { name, host: ofHost, pid: Number(pid), token } : null;
};

/**
 * Locks the store in `folder`, which exists. Throws StoreInUse while another process writes to it.
 *
 * Whoever wants the lock makes a file first and looks for others' then: of two, the later one to make it sees the other's.
 * It is held by who sees no other living writer's; of those that begin together, the one with the smallest token stays.
 */
export async function lockStore(folder: string): Promise<StoreLock> {
  const token = randomBytes(8).toString('hex');
  const name = `prepare.lock.${host}.${process.pid}.${token}`;
  const file = join(folder, name);
  const release = async (): Promise<void> => {
    await rm(file, { force: true });
    own.delete(name);
  };
  own.add(name);
  try {
    await writeFile(file, '');
    const deadline = performance.now() + patience;
    for (;;) {
      const others = (await living(folder)).filter((writer) => writer.name !== name);
      const [first] = others;
      if (!first) break;
      if (others.some((other) => other.token < token) || performance.now() > deadline)
        throw new StoreInUse(folder, first);
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

/** Writers that are alive; the others' files are removed. */
async function living(folder: string): Promise<Writer[]> {
  const alive: Writer[] = [];
  for (const name of await readdir(folder)) {
    const writer = parsed(name);
    if (!writer) continue;
    if (await isAlive(folder, writer)) alive.push(writer);
    else await rm(join(folder, name), { force: true });
  }
  return alive;
}

async function isAlive(folder: string, writer: Writer): Promise<boolean> {
  if (own.has(writer.name)) return true;
  if (writer.host === host) return isRunning(writer.pid);
  const found = await stat(join(folder, writer.name)).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs < silence;
}
