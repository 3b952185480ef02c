/** A folder of class folders as a source. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { listFolder, type FoundFile } from './listing.js';
import type { Refused, Source, SourceOptions } from './types.js';

/** Files whose size and date are asked for at once. */
const atOnce = 64;

/** Throws AlexNetError DATA where there is nothing to train on. */
export async function openFolder(path: string, options: SourceOptions = {}): Promise<Source> {
  const { classes, found, parts } = await listFolder(path, options);
  const hash = createHash('sha256').update(JSON.stringify(classes));
  // Bytes up to each item.
  const upTo = new Float64Array(found.length + 1);
  for (let start = 0; start < found.length; start += atOnce) {
    const facts = found.slice(start, start + atOnce).map(async (item) => await factsOf(path, item));
    for (const [n, { size, line }] of (await Promise.all(facts)).entries()) {
      hash.update(line);
      upTo[start + n + 1] = (upTo[start + n] ?? 0) + size;
    }
  }
  return {
    kind: 'folder',
    path,
    fingerprint: hash.digest('hex'),
    classes: classes.map((name) => ({ name })),
    ...(parts && { parts }),
    images: found.length,
    bytes: upTo[found.length] ?? 0,
    items: (from) => items(path, found, upTo, (from as number | null) ?? 0),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}

async function factsOf(
  path: string,
  item: FoundFile | Refused,
): Promise<{ readonly size: number; readonly line: string }> {
  if ('reason' in item) return { size: 0, line: JSON.stringify([item.name, item.reason]) };
  const { file, label, split } = item;
  const found = await stat(file).catch(() => null);
  return {
    size: found?.size ?? 0,
    line: JSON.stringify([relative(path, file), label, split, found?.size, found?.mtimeMs]),
  };
}

/** A position is the number of items before it. */
async function* items(
  path: string,
  found: readonly (FoundFile | Refused)[],
  upTo: Float64Array,
  from: number,
): ReturnType<Source['items']> {
  for (let n = from; n < found.length; n++) {
    const item = found[n];
    const place = { next: n + 1, bytesRead: upTo[n + 1] ?? 0 };
    if (item && 'reason' in item) yield { ...item, ...place };
    else if (item) {
      const { file, label, split } = item;
      yield await Promise.resolve({ name: relative(path, file), label, split, content: { file }, ...place });
    }
  }
}
