/** A small folder of class folders to train on: two classes that anything learns, dark and bright noise. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

const side = 80;

/** A fixed sequence: the same images each time. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export async function photograph(file: string, brightness: number, seed: number): Promise<void> {
  const next = noise(seed);
  const pixels = Uint8Array.from({ length: side * side * 3 }, () => brightness + 60 * next());
  await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .jpeg()
    .toFile(file);
}

export async function photographs(folder: string, eachClass: number): Promise<void> {
  for (const [name, brightness] of [
    ['bright', 180],
    ['dark', 10],
  ] as const) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < eachClass; i++)
      await photograph(join(folder, name, `${i}.jpg`), brightness, i + brightness);
  }
}

export const notAnImage = async (file: string): Promise<void> => await writeFile(file, 'this is text');
