/** Files as they turn up among images: odd, mislabelled, cut short, corrupted, and made to do harm. */

import { gzipSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { randomBlock } from '../../../lib/random/philox.js';
import { cmykTiff, fourChannelsAsYcck } from './cmyk.js';
import { image, type Rgb } from './fixtures.js';
import {
  jpegWithProfile,
  linearGreyProfile,
  pngWithProfile,
  proPhotoProfile,
  swappedProfile,
} from './icc.js';
import { animatedPng, claimedPng, pngChunk, pngChunks, pngFile } from './png.js';

export interface HostileFile {
  readonly kind: string;
  readonly bytes: Uint8Array;
  /** What must become of it; 'either' where it depends on the place of the damage. */
  readonly fate: 'decoded' | 'reason' | 'either';
}

type Dice = (end: number) => number;

/** Whole numbers from 0 to below `end`, from a seed. */
function diceOf(seed: number): Dice {
  let block = 0;
  let words: number[] = [];
  return (end) => {
    if (words.length === 0) words = randomBlock([seed, 0], 99, 0, block++);
    return (words.pop() as number) % end;
  };
}

/** 200 files, the damaged ones from the seed. */
export async function hostileFiles(seed: number): Promise<HostileFile[]> {
  const sorts: Readonly<Record<HostileFile['fate'], Readonly<Record<string, readonly Uint8Array[]>>>> = {
    decoded: { ...(await odd()), ...(await extremeShapes()) },
    reason: { ...notImages(diceOf(seed)), ...(await claims()) },
    either: await damaged(diceOf(seed + 1)),
  };
  return Object.entries(sorts).flatMap(([fate, kinds]) =>
    Object.entries(kinds).flatMap(([kind, files]) =>
      files.map((bytes) => ({ kind, bytes, fate: fate as HostileFile['fate'] })),
    ),
  );
}

const side = 48;
const noisy = (seed = 1): Sharp =>
  image(side, side, (x, y): Rgb => [(x * y * 31 + seed) % 256, (x * 57 + y * seed) % 256, (y * y + x) % 256]);

const formats: Readonly<Record<string, (each: Sharp) => Promise<Buffer>>> = {
  JPEG: async (each) => await each.jpeg().toBuffer(),
  'progressive JPEG': async (each) => await each.jpeg({ progressive: true }).toBuffer(),
  PNG: async (each) => await each.png().toBuffer(),
  'interlaced PNG': async (each) => await each.png({ progressive: true }).toBuffer(),
  WebP: async (each) => await each.webp().toBuffer(),
  GIF: async (each) => await each.gif().toBuffer(),
  TIFF: async (each) => await each.tiff({ compression: 'lzw' }).toBuffer(),
};
const inAll = async (draw: () => Sharp): Promise<Buffer[]> =>
  await Promise.all(Object.values(formats).map(async (write) => await write(draw())));
const all = async (...files: Sharp[]): Promise<Buffer[]> =>
  await Promise.all(files.map(async (file) => await file.toBuffer()));

/** Whole, and not what a reader of photographs expects. */
async function odd() {
  const [png, other] = (await all(noisy().png(), noisy(9).png())) as [Buffer, Buffer];
  const jpeg = await noisy().jpeg().toBuffer();
  const cmyk = await noisy().toColourspace('cmyk').jpeg().toBuffer();
  const grey = (): Sharp => noisy().greyscale();
  const frames = (): Sharp => sharp([png, other], { join: { animated: true } });
  const [header, ...rest] = pngChunks(png) as [Buffer, ...Buffer[]];
  const note = pngChunk('tEXt', Buffer.alloc(5000, 'note'));
  return {
    whole: await inAll(noisy),
    AVIF: await all(noisy().avif({ effort: 0 })),
    'CMYK and YCCK': [cmyk, (await fourChannelsAsYcck(cmyk)).ycck, cmykTiff(side, side, [9, 200, 40, 90])],
    greyscale: [
      ...(await inAll(grey)),
      ...(await all(grey().ensureAlpha(0.5).png(), grey().toColourspace('b-w').png({ palette: false }))),
    ],
    transparent: await all(
      noisy().ensureAlpha(0.5).png(),
      noisy().ensureAlpha(0.5).webp(),
      noisy().ensureAlpha(0).gif(),
      noisy().ensureAlpha(0.5).png({ palette: true }),
      noisy().ensureAlpha(0.5).tiff(),
    ),
    '16 bits, 1 bit, palette': await all(
      noisy().toColourspace('rgb16').png(),
      noisy().toColourspace('grey16').png(),
      noisy().ensureAlpha(0.5).toColourspace('rgb16').png(),
      noisy().toColourspace('rgb16').tiff(),
      noisy().png({ palette: true, colours: 4 }),
      noisy().greyscale().threshold().toColourspace('b-w').tiff({ bitdepth: 1, compression: 'ccittfax4' }),
      noisy().png({ palette: true, colours: 2 }),
    ),
    'other TIFF': await all(
      noisy().tiff({ tile: true, tileWidth: 16, tileHeight: 16 }),
      noisy().tiff({ compression: 'jpeg' }),
      noisy().tiff({ bigtiff: true }),
      noisy().tiff({ pyramid: true, tile: true, tileWidth: 16, tileHeight: 16 }),
      noisy().toColourspace('lab').tiff(),
      noisy().toColourspace('scrgb').tiff({ predictor: 'float' }),
    ),
    'EXIF orientation': await all(
      ...Array.from({ length: 8 }, (_, i) =>
        noisy()
          .withMetadata({ orientation: i + 1 })
          .jpeg(),
      ),
      noisy().withMetadata({ orientation: 6 }).webp(),
      noisy().withMetadata({ orientation: 8 }).tiff(),
      noisy().withMetadata({ orientation: 3 }).png(),
    ),
    'ICC profile': [
      ...[swappedProfile, proPhotoProfile, linearGreyProfile, Buffer.from('nonsense')].flatMap((icc) => [
        pngWithProfile(png, icc),
        jpegWithProfile(jpeg, icc),
      ]),
      jpegWithProfile(cmyk, swappedProfile),
      jpegWithProfile(await grey().jpeg().toBuffer(), linearGreyProfile),
    ],
    animated: [...(await all(frames().gif(), frames().webp())), animatedPng(png, other)],
    'more than the image': [
      Buffer.concat([jpeg, Buffer.alloc(3000, 7)]),
      Buffer.concat([jpeg, jpeg]),
      Buffer.concat([png, jpeg]),
      pngFile([header, ...Array.from({ length: 20 }, () => note), ...rest]),
      Buffer.concat([
        jpeg.subarray(0, 2),
        Buffer.from([0xff, 0xfe, 0x10, 0]),
        Buffer.alloc(4094),
        jpeg.subarray(2),
      ]),
    ],
  };
}

async function extremeShapes() {
  const strip = (width: number, height: number) => async (write: 'png' | 'jpeg' | 'tiff') =>
    await image(width, height, () => [10, 180, 40])
      .toFormat(write)
      .toBuffer();
  const each = async (width: number, height: number) =>
    await Promise.all((['png', 'jpeg', 'tiff'] as const).map(strip(width, height)));
  return {
    '1 × 1': await inAll(() => image(1, 1, () => [10, 180, 40])),
    'far longer than wide': [
      ...(await each(1, 20_000)),
      ...(await each(20_000, 1)),
      ...(await each(2, 3000)),
    ],
  };
}

function notImages(roll: Dice) {
  const named = (text: string): Buffer => Buffer.from(text, 'latin1');
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/hostname"/></svg>';
  return {
    'nothing or text': ['', ' ', 'this is text', '{"an": "object"}', '\xff\xd8', '\x89PNG'].map(named),
    'web page': ['<!DOCTYPE html><p>404', '\xef\xbb\xbf\n<html><body>429'].map(named),
    SVG: [named(svg), named(`<?xml version="1.0"?>\n<!-- a -->${svg}`), gzipSync(svg)],
    'other files': [
      '%PDF-1.4\n1 0 obj',
      'PK\x03\x04',
      '\x00\x00\x00\x18ftypmp42',
      '\x00\x00\x01\x00\x01',
      'BM',
    ].map(named),
    HEIC: [named(`\x00\x00\x00\x18ftypheic${'\0'.repeat(60)}`)],
    'random bytes': Array.from({ length: 8 }, () =>
      Uint8Array.from({ length: 1 + roll(5000) }, () => roll(256)),
    ),
  };
}

/** The screen of 65,535 × 65,535, and the first picture in it. */
export function hugeGif(gif: Uint8Array): Buffer {
  const bytes = Buffer.from(gif);
  bytes.fill(0xff, 6, 10);
  const colours = bytes.readUInt8(10);
  let at = 13 + (colours & 0x80 ? 3 * 2 ** ((colours & 7) + 1) : 0);
  // Extensions: a mark, a kind, and blocks that begin with their length.
  while (bytes[at] === 0x21) {
    at += 2;
    while (bytes[at] !== 0) at += bytes.readUInt8(at) + 1;
    at++;
  }
  return bytes.fill(0xff, at + 5, at + 9);
}

/** Small files that say they are of more than 120 million pixels. */
async function claims() {
  const patched = (file: Buffer, at: number, size: Buffer): Buffer => {
    const bytes = Buffer.from(file);
    size.copy(bytes, at);
    return bytes;
  };
  const huge = Buffer.alloc(4, 0xf0);
  const [jpeg, progressive, gif, webp] = (await all(
    noisy().jpeg(),
    noisy().jpeg({ progressive: true }),
    noisy().gif(),
    noisy().ensureAlpha(0.5).webp(),
  )) as [Buffer, Buffer, Buffer, Buffer];
  const tiff = patched(cmykTiff(side, side, [0, 0, 0, 0]), 18, Buffer.from([0x50, 0xc3, 0, 0]));
  return {
    'claims to be huge': [
      claimedPng(60_000, 60_000),
      claimedPng(2 ** 31 - 1, 2 ** 31 - 1),
      claimedPng(120_000_001, 1),
      patched(jpeg, jpeg.indexOf(Buffer.from([0xff, 0xc0])) + 5, huge),
      patched(progressive, progressive.indexOf(Buffer.from([0xff, 0xc2])) + 5, huge),
      hugeGif(gif),
      patched(webp, 24, Buffer.from('ff3f00ff3f00', 'hex')),
      patched(tiff, 30, Buffer.from([0x50, 0xc3, 0, 0])),
    ],
  };
}

/** Each format cut short and corrupted at random places. */
async function damaged(roll: Dice) {
  const kinds: Record<string, Uint8Array[]> = {};
  for (const [name, write] of Object.entries(formats)) {
    const whole = await write(noisy(roll(200)));
    kinds[`${name}, cut short`] = Array.from({ length: 6 }, () =>
      whole.subarray(0, 12 + roll(whole.length - 13)),
    );
    kinds[`${name}, corrupted`] = Array.from({ length: 7 }, () => {
      const bytes = Buffer.from(whole);
      for (let i = 1 + roll(12); i > 0; i--) bytes[roll(bytes.length)] = roll(256);
      return bytes;
    });
  }
  return kinds;
}
