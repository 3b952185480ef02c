import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { rgbSpace } from '../../../lib/data/images/colour-profile.js';
import { decodeImage } from '../../../lib/data/images/decode.js';
import { jpegHeader } from '../../../lib/data/images/jpeg-header.js';
import { hasTurboJpeg } from '../../../lib/data/images/turbojpeg.js';
import { image, speckled } from './fixtures.js';
import {
  blackProfile,
  jpegWithProfile,
  linearGreyProfile,
  parametricProfile,
  proPhotoProfile,
  srgbGammaProfile,
  swappedProfile,
  tableProfile,
} from './icc.js';

const srgb = async (): Promise<Buffer> => {
  const bytes = await image(8, 8, speckled(1)).withIccProfile('srgb').jpeg().toBuffer();
  return Buffer.from((jpegHeader(bytes) as { profile: Uint8Array }).profile);
};

describe('a colour profile', () => {
  it('is sRGB by its primaries and its curves', async () => {
    expect(rgbSpace(await srgb())).toBe('srgb');
    for (const other of [swappedProfile, proPhotoProfile, srgbGammaProfile])
      expect(rgbSpace(other)).toHaveLength(3 * 256 + 9);
  });

  it('of grey, of other numbers than a matrix, or without sense is left to others', () => {
    expect(rgbSpace(linearGreyProfile)).toBeUndefined();
    expect(rgbSpace(blackProfile)).toBeUndefined();
  });

  it('is nothing where it is cut short', async () => {
    const profile = await srgb();
    for (let end = 0; end < profile.length; end += 7) {
      const cut = profile.subarray(0, end);
      expect(() => rgbSpace(cut)).not.toThrow();
    }
    expect(rgbSpace(profile.subarray(0, 200))).toBeUndefined();
  });

  it.runIf(hasTurboJpeg()).each([
    ['the primaries of sRGB the other way round', swappedProfile],
    ['more than a screen shows', proPhotoProfile],
    ['a plain power', srgbGammaProfile],
    ['a curve by a formula', parametricProfile],
    ['a curve by a table', tableProfile],
  ])('%s: as libvips converts it', async (_, profile) => {
    const side = 64;
    const plain = await image(side, side, speckled(3)).blur(3).normalise().jpeg({ quality: 100 }).toBuffer();
    const bytes = jpegWithProfile(plain, profile);
    const expected = await sharp(bytes).toColourspace('srgb').raw().toBuffer();
    const decoded = await decodeImage(bytes, { store: side, fit: 'crop' });
    if ('reason' in decoded) throw new Error(decoded.reason);
    const off = decoded.pixels.map((value, i) => Math.abs(value - (expected[i] as number)));
    // libvips passes through Lab, in 16 bits of its own.
    expect(Math.max(...off)).toBeLessThanOrEqual(3);
    expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(0.2);
    const untouched = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(expected.equals(untouched)).toBe(false);
  });
});
