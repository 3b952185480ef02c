import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { boundCoder, directCoder, type JpegCoder } from '../../../lib/data/images/jpeg.js';
import { hasTurboJpeg } from '../../../lib/data/images/turbojpeg.js';
import { pixelsOf } from './fixtures.js';
import { needs } from '../../needs.js';

const side = 40;
const smooth = pixelsOf(side, side, (x, y) => [6 * x, 255 - 5 * y, 3 * (x + y)]);
const worst = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);

const coders: readonly (readonly [string, JpegCoder])[] = [
  ['through its binding', boundCoder],
  ...(hasTurboJpeg() ? [['itself', directCoder] as const] : []),
];

describe.each(coders)('libjpeg-turbo %s', (_, { encode, decode }) => {
  const decoded = (jpeg: Uint8Array): Uint8Array => {
    const target = new Uint8Array(new SharedArrayBuffer(side * side * 3 + 2), 1, side * side * 3);
    decode(jpeg, side, target);
    return target;
  };

  it('a picture comes back nearly as it was; the better the higher its quality', () => {
    const [good, bad] = [encode(smooth, side, 95), encode(smooth, side, 30)];
    expect(worst(decoded(good), smooth)).toBeLessThan(8);
    expect(worst(decoded(bad), smooth)).toBeGreaterThan(worst(decoded(good), smooth));
    expect(bad.length).toBeLessThan(good.length);
  });

  it('is a file of three channels at full resolution, grey ones too', async () => {
    const grey = pixelsOf(side, side, (x, y) => [x * y, x * y, x * y]);
    for (const pixels of [smooth, grey]) {
      const jpeg = encode(pixels, side, 95);
      const { width, height, channels, chromaSubsampling } = await sharp(jpeg).metadata();
      expect({ width, height, channels, chromaSubsampling }).toEqual({
        width: side,
        height: side,
        channels: 3,
        chromaSubsampling: '4:4:4',
      });
    }
  });

  it('the same pixels make the same bytes, on memory of their own', () => {
    const [one, two] = [encode(smooth, side, 95), encode(smooth, side, 95)];
    expect(two).toEqual(one);
    expect(one.buffer.byteLength).toBe(one.length);
  });

  it('refuses what is no JPEG file', () => {
    const target = new Uint8Array(side * side * 3);
    expect(() => decode(new Uint8Array(100), side, target)).toThrow();
  });
});

const there = hasTurboJpeg();
it.runIf(there)(
  `itself: decodes as libvips does, and refuses other sizes and damage${needs(there, '@julusian/jpeg-turbo')}`,
  async () => {
    const jpeg = directCoder.encode(smooth, side, 80);
    const target = new Uint8Array(side * side * 3);
    directCoder.decode(jpeg, side, target);
    expect(Buffer.from(target).equals(await sharp(jpeg).raw().toBuffer())).toBe(true);
    expect(() => directCoder.decode(jpeg, side - 1, target.subarray(0, (side - 1) ** 2 * 3))).toThrow(
      /flawless/,
    );
    expect(() => directCoder.decode(jpeg, side, target.subarray(1))).toThrow(/size/);
    expect(() => directCoder.decode(jpeg.subarray(0, 300), side, target)).toThrow(/flawless/);
    expect(() => directCoder.encode(smooth, side, 101)).toThrow(/quality/);
  },
);
