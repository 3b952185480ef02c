/** Images to measure with: copies of given ones, or drawn ones that cost a decoder about what photographs do. */

import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

const [width, height] = [500, 375];

/** Broad shapes under fine grain, about 80 KB as JPEG. */
async function draw(file: string, seed: number): Promise<void> {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const [across, down] = [25, 19];
  const shapes = Uint8Array.from({ length: across * down * 3 }, () => 256 * next());
  const pixels = await sharp(shapes, { raw: { width: across, height: down, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  for (let p = 0; p < pixels.length; p++)
    pixels[p] = Math.max(0, Math.min(255, (pixels[p] as number) + 40 * (next() + next() - 1)));
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toFile(file);
}

async function filesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const paths = names.toSorted().map((name) => join(folder, name));
  const found = await Promise.all(paths.map(async (path) => (await stat(path)).isFile()));
  return paths.filter((path, i) => found[i] && /\.jpe?g$/i.test(path));
}

/** Fills `folder` with two class folders of `count` JPEG images in all, copied from those below `from` again and again. */
export async function photographs(
  folder: string,
  count: number,
  from: string | undefined,
): Promise<string[]> {
  const given = from === undefined ? [] : await filesBelow(from);
  if (from !== undefined && given.length === 0) throw new Error(`${from} has no JPEG images`);
  for (const name of ['a', 'b']) await mkdir(join(folder, name), { recursive: true });
  const files: string[] = [];
  for (let i = 0; i < count; i++) {
    const file = join(folder, i % 2 ? 'b' : 'a', `${String(i).padStart(6, '0')}.jpg`);
    const original = given[i % Math.max(1, given.length)];
    await (original === undefined ? draw(file, i + 1) : copyFile(original, file));
    files.push(file);
  }
  return files;
}
