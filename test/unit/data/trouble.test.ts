import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../lib/data/images/decode.js';
import type { ImageKind } from '../../../lib/data/images/image-file.js';
import { endsTooSoon } from '../../../lib/data/images/whole.js';
import { image, speckled } from './fixtures.js';
import { hostileFiles } from './hostile.js';

const kinds = ['jpeg', 'png', 'gif', 'webp', 'tiff', 'avif'] as const;
const fileOf = async (kind: ImageKind, seed = 1): Promise<Buffer> =>
  await image(60, 50, speckled(seed)).toFormat(kind).toBuffer();
const outcome = async (bytes: Uint8Array, allowTruncated = false): Promise<string> => {
  const decoded = await decodeImage(bytes, { store: 16, fit: 'crop' }, { allowTruncated });
  return 'reason' in decoded ? decoded.reason : 'decoded';
};

describe('whether a file ends too soon', () => {
  it.each(kinds)('is seen in a %s file, wherever it is cut', async (kind) => {
    const whole = await fileOf(kind);
    expect(endsTooSoon(whole, kind)).toBe(false);
    // A reader takes what follows the end for nothing.
    if (kind !== 'avif') expect(endsTooSoon(Buffer.concat([whole, Buffer.alloc(99, 7)]), kind)).toBe(false);
    for (let length = 12; length < whole.length - 1; length += 7)
      expect(endsTooSoon(whole.subarray(0, length), kind), `${length} of ${whole.length}`).toBe(true);
  });

  it('is not said of files that are whole', async () => {
    const wrong: string[] = [];
    for (const { kind, bytes, fate } of await hostileFiles(1)) {
      if (fate === 'decoded' && (await outcome(bytes)) === 'it is cut short') wrong.push(kind);
    }
    expect(wrong).toEqual([]);
  });

  it('ends in time for any bytes', () => {
    for (const kind of kinds) {
      for (const fill of [0, 1, 0x21, 0x2c, 0xff])
        expect(typeof endsTooSoon(Buffer.alloc(5000, fill), kind)).toBe('boolean');
    }
  });
});

describe('why an image cannot be decoded', () => {
  it('is the same whatever else is decoded at the same time', async () => {
    const files = (await hostileFiles(7)).filter(({ fate }) => fate !== 'decoded').map(({ bytes }) => bytes);
    for (const [n, kind] of kinds.entries()) {
      const bytes = await fileOf(kind, n);
      for (const part of [0.4, 0.6, 0.8]) files.push(bytes.subarray(0, bytes.length * part));
    }
    const alone: string[] = [];
    for (const bytes of files) alone.push(await outcome(bytes));
    expect(new Set(alone).size).toBeGreaterThan(3);
    for (let round = 0; round < 5; round++)
      expect(await Promise.all(files.map(async (bytes) => await outcome(bytes)))).toEqual(alone);
  });
});
