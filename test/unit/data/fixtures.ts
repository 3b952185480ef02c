/** Folders and images to test with, made on the spot, and the real images where they are to be had. */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { onTestFinished } from 'vitest';
import { listFolder, type FoundFile } from '../../../lib/data/sources/listing.js';
import type { Split } from '../../../lib/data/sources/types.js';
import { needs } from '../../needs.js';

/** Removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'data-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function fill(folder: string, files: readonly string[], content = 'x'): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
}

/** What a folder's listing accepts, by split; none for validation where the folder has no part for it. */
export async function listImages(path: string): Promise<{
  readonly classes: readonly string[];
  readonly train: readonly FoundFile[];
  readonly validation: readonly FoundFile[] | undefined;
}> {
  const { classes, found, parts } = await listFolder(path);
  const of = (wanted: Split): FoundFile[] =>
    found.filter((item): item is FoundFile => 'file' in item && item.split === wanted);
  return {
    classes,
    train: of('train'),
    validation: parts && parts.validation.length > 0 ? of('validation') : undefined,
  };
}

export type Rgb = readonly [number, number, number];

/** Raw pixels, colour by place. */
export function pixelsOf(width: number, height: number, colour: (x: number, y: number) => Rgb): Uint8Array {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.set(colour(x, y), (y * width + x) * 3);
  }
  return pixels;
}

export const image = (width: number, height: number, colour: (x: number, y: number) => Rgb): Sharp =>
  sharp(pixelsOf(width, height, colour), { raw: { width, height, channels: 3 } });

/** A colour for each place and image that no other has nearby. */
export const speckled =
  (seed: number) =>
  (x: number, y: number): Rgb => [
    (x * 7 + y * 13 + seed * 29) % 256,
    (x * 3 + y * 5 + seed * 17) % 256,
    (x * 11 + y * 2 + seed * 41) % 256,
  ];

/** A file of the shared real images: of the folder in ALEXNET_NATIVE_SHARED, or beside the repository. */
export function sharedFile(name: string): { path: string; missing: boolean; why: string } {
  const root =
    process.env['ALEXNET_NATIVE_SHARED'] ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
  const path = join(root, 'data', name);
  const missing = !existsSync(path);
  return { path, missing, why: needs(!missing, `${name}; set ALEXNET_NATIVE_SHARED`) };
}
