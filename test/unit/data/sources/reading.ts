/** What every source promises, checked on one. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Refused, Source, SourceImage } from '../../../../lib/data/sources/types.js';
import type { Labelled } from './miniatures.js';

export type Item = SourceImage | (Refused & { readonly next: unknown; readonly bytesRead: number });

export async function itemsOf(source: Source, from: unknown = null): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of source.items(from)) items.push(item);
  return items;
}

export const imagesAmong = (items: readonly Item[]): SourceImage[] =>
  items.filter((item): item is SourceImage => 'content' in item);

export const refusedAmong = (items: readonly Item[]): string[] =>
  items.flatMap((item) => ('reason' in item ? `${item.name}: ${item.reason}` : []));

export const labelsIn = (items: readonly Item[], split: SourceImage['split']): Labelled[] =>
  imagesAmong(items)
    .filter((image) => image.split === split)
    .map(({ name, label }) => ({ name, label }));

/** An image's bytes, wherever they are. */
export async function bytesOf({ content }: SourceImage): Promise<Buffer> {
  if ('file' in content) return await readFile(content.file);
  return Buffer.from('bytes' in content ? content.bytes : content.pixels);
}

/** Bytes are compared one by one otherwise, which takes its time. */
function comparable(item: Item): unknown {
  if (!('content' in item) || 'file' in item.content) return item;
  const bytes = 'bytes' in item.content ? item.content.bytes : item.content.pixels;
  return {
    ...item,
    content: { ...item.content, bytes: 0, pixels: createHash('sha256').update(bytes).digest('hex') },
  };
}

/** The same order every time, training images first, and after each item just the rest. Gives all items. */
export async function expectKept(source: Source): Promise<Item[]> {
  const items = await itemsOf(source);
  const told = items.map(comparable);
  expect((await itemsOf(source)).map(comparable)).toEqual(told);
  const splits = imagesAmong(items).map(({ split }) => split);
  expect(splits).toEqual(splits.toSorted());
  for (const [n, { next, bytesRead }] of items.entries()) {
    const position: unknown = JSON.parse(JSON.stringify(next));
    expect((await itemsOf(source, position)).map(comparable)).toEqual(told.slice(n + 1));
    expect(bytesRead).toBeGreaterThanOrEqual(items[n - 1]?.bytesRead ?? 0);
    expect(bytesRead).toBeLessThanOrEqual(source.bytes);
  }
  expect(source.images === null || source.images === items.length).toBe(true);
  expect(source.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  return items;
}

/** One line, as users see it, `folder` called DATA. */
export async function lineOf(opening: Promise<unknown>, folder: string): Promise<string> {
  return await opening.then(
    () => 'accepted',
    (error: Error & { code?: string }) => {
      expect(error.message).not.toContain('\n');
      return `${error.code}: ${error.message.replaceAll(folder, 'DATA')}`;
    },
  );
}
