/** One record out of a store's databases. */

import { crc32 } from 'node:zlib';
import { AlexNetError } from '../../errors.js';
import type { Databases } from './database.js';
import { decodeEntry } from './format.js';

/** Its bytes, until the next read. Throws AlexNetError DATA where they are not what was written. */
export function checkedRecord(path: string, { images, entries }: Databases, index: number): Buffer {
  const entry = entries.get(index);
  const { checksum, length, name } = entry ? decodeEntry(entry) : { checksum: 0, length: 0, name: '' };
  const found = images.getBinaryFast(index);
  // Its length is a property that was set; its memory is longer.
  const record = found?.subarray(0, found.length);
  if (!record || record.length !== length || crc32(record) !== checksum) {
    const which = name ? ` (${name})` : '';
    throw new AlexNetError(
      'DATA',
      `${path} is damaged at image ${index}${which}; remove it and prepare it again`,
    );
  }
  return record;
}
