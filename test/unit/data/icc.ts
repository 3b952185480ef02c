/** ICC profiles made on the spot, and files that carry them. */

import { deflateSync } from 'node:zlib';
import { pngChunk, pngChunks, pngFile } from './png.js';

type Xyz = readonly [number, number, number];

/** sRGB's primaries, adapted to D50. */
const primaries: Readonly<Record<'red' | 'green' | 'blue', Xyz>> = {
  red: [0.4361, 0.2225, 0.0139],
  green: [0.3851, 0.7169, 0.0971],
  blue: [0.1431, 0.0606, 0.7141],
};
const white: Xyz = [0.9642, 1, 0.8249];

const signature = (text: string): Buffer => Buffer.from(text.padEnd(4), 'latin1');
const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const xyz = (value: Xyz): Buffer =>
  Buffer.concat([signature('XYZ'), word(0), ...value.map((part) => word(Math.round(part * 65_536)))]);
const gammaCurve = (gamma: number): Buffer => {
  const bytes = Buffer.alloc(14);
  bytes.write('curv');
  bytes.writeUInt32BE(1, 8);
  bytes.writeUInt16BE(Math.round(gamma * 256), 12);
  return bytes;
};
const description = (text: string): Buffer =>
  Buffer.concat([
    signature('desc'),
    word(0),
    word(text.length + 1),
    Buffer.from(`${text}\0`),
    Buffer.alloc(78),
  ]);

function profile(space: 'RGB' | 'GRAY', own: Readonly<Record<string, Buffer>>): Buffer {
  const tags = Object.entries({
    desc: description('test'),
    cprt: Buffer.concat([signature('text'), word(0), Buffer.from('none\0')]),
    wtpt: xyz(white),
    ...own,
  });
  const table: Buffer[] = [word(tags.length)];
  const data: Buffer[] = [];
  let offset = 128 + 4 + 12 * tags.length;
  for (const [name, content] of tags) {
    const padded = Buffer.concat([content, Buffer.alloc(-content.length & 3)]);
    table.push(signature(name), word(offset), word(content.length));
    data.push(padded);
    offset += padded.length;
  }
  const header = Buffer.alloc(128);
  header.writeUInt32BE(offset, 0);
  header.writeUInt32BE(0x02400000, 8);
  header.write('mntr', 12);
  header.write(space.padEnd(4), 16);
  header.write('XYZ ', 20);
  header.set([7, 220, 0, 1, 0, 1], 24);
  header.write('acsp', 36);
  header.set(xyz(white).subarray(8), 68);
  return Buffer.concat([header, ...table, ...data]);
}

/** IEC 61966-2-1 with another power and a shorter straight part. */
const formulaCurve = (): Buffer => {
  const numbers = [2, 1 / 1.1, 0.1 / 1.1, 0.3, 0.03].map((value) => word(Math.round(value * 65_536)));
  return Buffer.concat([signature('para'), word(0), Buffer.from([0, 3, 0, 0]), ...numbers]);
};
/** A power of 3 at 9 places. */
const tableCurve = (): Buffer => {
  const entries = Buffer.alloc(18);
  for (let i = 0; i <= 8; i++) entries.writeUInt16BE(Math.round(65_535 * (i / 8) ** 3), 2 * i);
  return Buffer.concat([signature('curv'), word(0), word(9), entries]);
};

const rgbProfile = (red: Xyz, green: Xyz, blue: Xyz, gamma: number | Buffer): Buffer => {
  const curve = typeof gamma === 'number' ? gammaCurve(gamma) : gamma;
  return profile('RGB', {
    rXYZ: xyz(red),
    gXYZ: xyz(green),
    bXYZ: xyz(blue),
    rTRC: curve,
    gTRC: curve,
    bTRC: curve,
  });
};

/** sRGB's primaries but the other way round: the file's red is blue. */
export const swappedProfile = rgbProfile(primaries.blue, primaries.green, primaries.red, 2.2);
/** sRGB's primaries with a plain power for its curve. */
export const srgbGammaProfile = rgbProfile(primaries.red, primaries.green, primaries.blue, 2.2);
export const parametricProfile = rgbProfile(primaries.red, primaries.green, primaries.blue, formulaCurve());
export const tableProfile = rgbProfile(primaries.red, primaries.green, primaries.blue, tableCurve());
/** All colours are black. */
export const blackProfile = rgbProfile([0, 0, 0], [0, 0, 0], [0, 0, 0], 2.2);
/** Wider than any screen, of gamma 1.8. */
export const proPhotoProfile = rgbProfile(
  [0.7977, 0.288, 0],
  [0.1352, 0.7119, 0],
  [0.0313, 0.0001, 0.8249],
  1.8,
);
/** Grey levels proportional to light: the middle one is much lighter than sRGB's. */
export const linearGreyProfile = profile('GRAY', { kTRC: gammaCurve(1) });

export function pngWithProfile(png: Uint8Array, icc: Uint8Array): Buffer {
  const [header, ...rest] = pngChunks(png);
  const embedded = pngChunk('iCCP', Buffer.concat([Buffer.from('test\0\0'), deflateSync(icc)]));
  return pngFile([header as Buffer, embedded, ...rest]);
}

export function jpegWithProfile(jpeg: Uint8Array, icc: Uint8Array): Buffer {
  const start = Buffer.from([0xff, 0xe2, 0, 0]);
  const content = Buffer.concat([Buffer.from('ICC_PROFILE\0\u0001\u0001'), icc]);
  start.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), start, content, jpeg.subarray(2)]);
}
