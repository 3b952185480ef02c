/** A source's images out of tar archives, one after the other, from any place on. */

import { basename } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { oneAtATime } from './archive-file.js';
import type { Refused, Source, Split } from './types.js';
import { tarEntries, type ReadAt, type TarEntry } from './tar.js';

/** A tar archive: a file, or the part of one where it lies inside another archive. */
export interface Archive {
  /** What users see of it. */
  readonly name: string;
  readonly split: Split;
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** Bytes of the source's files before this one. */
  readonly before: number;
  /** Whether a missing end is reported elsewhere. */
  readonly excused?: boolean;
}

/** In an archive's place: what cannot be one. */
export interface RefusedArchive extends Refused {
  /** Bytes of the source up to its end. */
  readonly bytesRead: number;
}

/** The result of one entry, or of several. */
export type Found = (
  Refused | { readonly name: string; readonly label: number; readonly bytes: Uint8Array }
) & {
  /** Offset of the header after it; null after the last. */
  readonly after: number | null;
};

export type Entries = AsyncGenerator<TarEntry | (Refused & { readonly after: null })>;

/** Place in the list of archives, offset in the file. */
type ArchivePlace = readonly [archive: number, offset: number];

/**
 * `inside` tells what an archive holds, given its entries from some header on. Throws AlexNetError DATA where an archive ends
 * too soon or loses its place, unless that is allowed: then it is refused from there on.
 */
export async function* archiveItems<A extends Archive>(
  archives: readonly (A | RefusedArchive)[],
  from: unknown,
  allowTruncated: boolean,
  inside: (archive: A, entries: Entries, read: ReadAt) => AsyncGenerator<Found>,
): ReturnType<Source['items']> {
  const [first, offset] = (from as ArchivePlace | null) ?? [0, 0];
  await using files = oneAtATime();
  for (let index = first; index < archives.length; index++) {
    const archive = archives[index] as A | RefusedArchive;
    if ('reason' in archive) {
      yield { ...archive, next: [index + 1, 0] };
      continue;
    }
    const { ahead } = await files.open(archive.file);
    const start = index === first ? Math.max(offset, archive.start) : archive.start;
    for await (const found of inside(archive, entriesOf(archive, ahead, start, allowTruncated), ahead)) {
      const { name, after } = found;
      const next: ArchivePlace = after === null ? [index + 1, 0] : [index, after];
      const bytesRead = archive.before + Math.min(after ?? Infinity, archive.end);
      if ('reason' in found) yield { name, reason: found.reason, next, bytesRead };
      else {
        const { label, bytes } = found;
        yield { name, label, split: archive.split, content: { bytes }, next, bytesRead };
      }
    }
  }
}

/** What is wrong, and what to do about it. `inner`: the archive's name, where it lies inside `file`. */
export function damagedArchive(file: string, inner: string | null, reason: string): AlexNetError {
  const which = inner === null ? file : `${file}, ${inner} in it`;
  return new AlexNetError(
    'DATA',
    `${which}: ${reason}; fetch it again, or go on without the rest: prepare --allow-truncated`,
  );
}

async function* entriesOf(archive: Archive, read: ReadAt, start: number, allowTruncated: boolean): Entries {
  for await (const entry of tarEntries(read, start, archive.end)) {
    if ('reason' in entry) {
      if (!allowTruncated) {
        const inner = archive.file.endsWith(basename(archive.name)) ? null : archive.name;
        throw damagedArchive(archive.file, inner, entry.reason);
      }
      if (!archive.excused) yield { name: archive.name, reason: entry.reason, after: null };
    } else if (entry.whole && entry.kind !== 'folder') yield entry;
  }
}

/** A larger entry is no photograph, and would have to fit into memory. */
const largestImage = 2 ** 28;

/** Why an entry cannot be an image, or null. */
export function refusal({ kind, size }: TarEntry): string | null {
  if (kind !== 'file') return 'it is not a file';
  return size > largestImage ? `it has more than ${largestImage / 2 ** 20} MiB` : null;
}
