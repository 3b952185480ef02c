/** The LMDB environment of a store, opened for one transaction of a writer or for a reader. */

import { existsSync, statSync } from 'node:fs';
import { open, type Database, type RootDatabase } from 'lmdb';
import { AlexNetError } from '../../errors.js';
import { dataFile } from './format.js';
import { checkAddressSpace, checkData, ensureLockFile, ensureRoom, maxReaders } from './guards.js';

export interface Databases {
  readonly root: RootDatabase<Buffer, string>;
  readonly about: Database<Buffer, string>;
  readonly state: Database<Buffer, string>;
  readonly images: Database<Buffer, number>;
  readonly entries: Database<Buffer, number>;
  readonly skipped: Database<Buffer, number>;
}

const names: readonly string[] = ['about', 'state', 'images', 'entries', 'skipped'];

const common = { maxDbs: 8, maxReaders, noSubdir: false, encoding: 'binary' } as const;
const byName = { encoding: 'binary' } as const;
const byIndex = { encoding: 'binary', keyEncoding: 'uint32' } as const;

/**
 * For writing, with a map of that many bytes: address space, more than the file will have. What a transaction leaves in the
 * unused parts of its pages may depend on what the environment did before; opened anew for each transaction, it writes the
 * same bytes whether or not a process was killed in between. Throws AlexNetError DATA where the file is damaged.
 */
export async function openForWriting(folder: string, mapSize: number): Promise<Databases> {
  await checkAddressSpace(mapSize);
  if (existsSync(dataFile(folder))) await checkData(folder);
  else await ensureRoom(folder);
  await ensureLockFile(folder);
  return (await openAll(folder, { mapSize, overlappingSync: false })) as Databases;
}

/** For reading; null where one of a store's databases is missing. Throws AlexNetError DATA where the file is damaged or not a store. */
export async function openForReading(folder: string): Promise<Databases | null> {
  await checkData(folder);
  await checkAddressSpace(statSync(dataFile(folder)).size);
  await ensureLockFile(folder);
  return await openAll(folder, { readOnly: true });
}

async function openAll(
  folder: string,
  options: { mapSize: number; overlappingSync: false } | { readOnly: true },
): Promise<Databases | null> {
  const root = open<Buffer, string>({ ...common, ...options, path: folder });
  try {
    checkNames(folder, root);
    const databases = {
      root,
      about: root.openDB<Buffer, string>('about', byName),
      state: root.openDB<Buffer, string>('state', byName),
      images: root.openDB<Buffer, number>('images', byIndex),
      entries: root.openDB<Buffer, number>('entries', byIndex),
      skipped: root.openDB<Buffer, number>('skipped', byIndex),
    };
    // Opened for reading, a database that is not there is undefined.
    if (Object.values(databases).every(Boolean)) return databases;
  } catch (error) {
    await root.close();
    throw error;
  }
  await root.close();
  return null;
}

/** Names of databases are the keys of the root. Throws AlexNetError DATA where there are others: it is another program's. */
function checkNames(folder: string, root: RootDatabase<Buffer, string>): void {
  const found = [...root.getKeys({ limit: names.length + 1 })];
  if (found.every((key) => names.includes(key))) return;
  throw new AlexNetError('DATA', `${folder} is not a store but another program's LMDB database`);
}
