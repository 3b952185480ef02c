/** In a worker thread: records of a store, decoded where they are wanted. */

import { decodeJpeg } from '../images/jpeg.js';
import { openForReading, type Databases } from '../store/database.js';
import { checkedRecord } from '../store/record.js';
import type { DecodeRecords } from '../store/tasks.js';

/** Stores stay open from task to task. */
const opened = new Map<string, Promise<Databases | null>>();

export async function decodeRecords(task: DecodeRecords): Promise<void> {
  const { path, size, encoding, indices, target, offset } = task;
  const found = opened.get(path) ?? openForReading(path);
  opened.set(path, found);
  const databases = await found;
  if (!databases) throw new Error(`${path} is not a store any more`);
  const bytes = size ** 2 * 3;
  for (const [i, index] of indices.entries()) {
    const record = checkedRecord(path, databases, index);
    const place = new Uint8Array(target, offset + i * bytes, bytes);
    if (encoding.kind === 'raw') place.set(record);
    else decodeJpeg(record, size, place);
  }
}

export async function closeStores(): Promise<void> {
  for (const store of opened.values()) await (await store)?.root.close();
  opened.clear();
}
