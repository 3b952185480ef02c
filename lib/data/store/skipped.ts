/** skipped.jsonl: one line for each item of the source that did not become an image. */

import { open, rename } from 'node:fs/promises';
import type { Database } from 'lmdb';
import { skippedFile } from './format.js';
import type { SkippedItem } from './types.js';

/** Characters written at once. */
const portion = 65_536;

/** Writes the file anew from the database. */
export async function writeSkipped(folder: string, skipped: Database<Buffer, number>): Promise<void> {
  const temporary = `${skippedFile(folder)}.part`;
  const file = await open(temporary, 'w');
  try {
    let text = '';
    for (const { value } of skipped.getRange({})) {
      text += `${value.toString()}\n`;
      if (text.length < portion) continue;
      await file.appendFile(text);
      text = '';
    }
    await file.appendFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, skippedFile(folder));
}

/** In the source's order. */
export async function readSkipped(folder: string): Promise<SkippedItem[]> {
  const items: SkippedItem[] = [];
  const file = await open(skippedFile(folder));
  for await (const line of file.readLines()) items.push(JSON.parse(line) as SkippedItem);
  return items;
}
