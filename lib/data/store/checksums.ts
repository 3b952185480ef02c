/**
 * Checksums of what a store says of itself: what images are, how many, in which classes, what was measured over them. The
 * records, and their labels and names, have theirs in the entries; the digest covers these.
 */

import { crc32 } from 'node:zlib';
import { decodeJson, encodeJson, type About, type Complete } from './format.js';

/** about/checksums: CRC-32 of about/store and about/complete as they lie there, and of their fields, which tell what differs. */
export interface Checksums {
  readonly store: number;
  readonly complete: number;
  readonly fields: Readonly<Record<string, number>>;
}

/** By the words for them. */
const fieldsOf = (
  { version, record, classes: given, source }: About,
  complete: Complete,
): [string, unknown][] => [
  ['version', version],
  ['image size', record.size],
  ['fit', record.fit],
  ['record format', record.encoding],
  ['truncation', record.allowTruncated],
  ['source', source],
  ['class names', [given, complete.classes]],
  ['image count', [complete.train, complete.validation, complete.skipped]],
  ['mean image', complete.meanChecksum],
  ['labels', complete.labelsChecksum],
  ['mean colour', complete.meanColour],
  ['covariance', complete.covariance],
  ['axes', complete.axes],
  ['deviations', complete.deviations],
  ['digest', complete.digest],
];

const checksumsOfFields = (store: About, complete: Complete): Record<string, number> =>
  Object.fromEntries(
    fieldsOf(store, complete).map(([name, value]) => [name, crc32(encodeJson(value ?? null))]),
  );

/** `store` and `complete` as they will lie in the database. */
export const checksumsOf = (store: Buffer, complete: Buffer): Checksums => ({
  store: crc32(store),
  complete: crc32(complete),
  fields: checksumsOfFields(decodeJson(store) as About, decodeJson(complete) as Complete),
});

/** What is not as it was written, in words; empty where all is. */
export function changedSince(checksums: Buffer, store: Buffer, complete: Buffer): string[] {
  const written = parsed(checksums) as Checksums | null;
  if (!written) return ['checksums'];
  if (crc32(store) === written.store && crc32(complete) === written.complete) return [];
  const [about, measured] = [parsed(store), parsed(complete)];
  if (!about || !measured) return ['description'];
  try {
    const now = checksumsOfFields(about as About, measured as Complete);
    const changed = Object.keys(now).filter((name) => now[name] !== written.fields[name]);
    return changed.length > 0 ? changed : ['description'];
  } catch {
    // A name of a field was changed.
    return ['description'];
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return decodeJson(bytes);
  } catch {
    return null;
  }
}
