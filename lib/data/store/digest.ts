/** The digest of a store: what its entries say, in one number. */

import { createHash } from 'node:crypto';
import type { Databases } from './database.js';
import { labelOf } from './format.js';
import type { Scanned } from './types.js';

/** All labels, and a digest over everything in the entries; a record counts by its checksum and length. */
export function scan({ entries }: Databases, count: number): Scanned {
  const labels = new Int32Array(count);
  const hash = createHash('sha256');
  const prefix = Buffer.alloc(8);
  for (const { key, value } of entries.getRange({ snapshot: false })) {
    labels[key] = labelOf(value);
    prefix.writeUInt32LE(key, 0);
    prefix.writeUInt32LE(value.length, 4);
    hash.update(prefix).update(value);
  }
  return { labels, digest: hash.digest('hex') };
}
