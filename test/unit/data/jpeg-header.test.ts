import { describe, expect, it } from 'vitest';
import { jpegHeader } from '../../../lib/data/jpeg-header.js';
import { isSrgb } from '../../../lib/data/srgb-profile.js';
import { image, speckled } from './fixtures.js';
import {
  jpegWithProfile,
  linearGreyProfile,
  proPhotoProfile,
  srgbGammaProfile,
  swappedProfile,
} from './icc.js';

const picture = image(37, 21, speckled(1));
const srgb = async (): Promise<Buffer> => await picture.clone().withIccProfile('srgb').jpeg().toBuffer();

describe("a JPEG file's header", () => {
  it.each([
    ['baseline', { progressive: false }],
    ['progressive', { progressive: true }],
    ['with chroma by halves', { chromaSubsampling: '4:2:0' }],
  ])('%s', async (_, options) => {
    const bytes = await picture.clone().jpeg(options).toBuffer();
    expect(jpegHeader(bytes)).toEqual({ width: 37, height: 21, profile: undefined });
    // A part of a larger piece of memory.
    const framed = Buffer.concat([Buffer.alloc(13), bytes, Buffer.alloc(5)]);
    expect(jpegHeader(framed.subarray(13, -5))).toEqual(jpegHeader(bytes));
  });

  it('has the profile, also in several parts, in whatever order', async () => {
    const bytes = await picture.clone().jpeg().toBuffer();
    const { profile } = jpegHeader(jpegWithProfile(bytes, proPhotoProfile)) ?? {};
    expect(Buffer.from(profile as Uint8Array)).toEqual(proPhotoProfile);
    const part = (number: number, content: Uint8Array): Buffer => {
      const body = Buffer.concat([Buffer.from('ICC_PROFILE\0'), Buffer.from([number, 2]), content]);
      const start = Buffer.from([0xff, 0xe2, 0, 0]);
      start.writeUInt16BE(body.length + 2, 2);
      return Buffer.concat([start, body]);
    };
    const [one, two] = [part(1, proPhotoProfile.subarray(0, 100)), part(2, proPhotoProfile.subarray(100))];
    const inParts = Buffer.concat([bytes.subarray(0, 2), two, one, bytes.subarray(2)]);
    expect(Buffer.from(jpegHeader(inParts)?.profile as Uint8Array)).toEqual(proPhotoProfile);
    expect(jpegHeader(Buffer.concat([bytes.subarray(0, 2), two, bytes.subarray(2)]))).toBeUndefined();
  });

  it('of a file that ends before its first scan is undefined', async () => {
    const bytes = await srgb();
    const scan = bytes.indexOf(Buffer.from([0xff, 0xda]));
    const length = 2 + bytes.readUInt16BE(scan + 2);
    for (let end = 0; end <= scan + 3; end++) expect(jpegHeader(bytes.subarray(0, end))).toBeUndefined();
    expect(jpegHeader(bytes.subarray(0, scan + length))).toEqual(jpegHeader(bytes));
  });
});

describe('whether a profile is sRGB', () => {
  it('by its primaries and its curves', async () => {
    const { profile } = jpegHeader(await srgb()) ?? {};
    expect(isSrgb(profile as Uint8Array)).toBe(true);
    for (const other of [swappedProfile, proPhotoProfile, linearGreyProfile, srgbGammaProfile])
      expect(isSrgb(other)).toBe(false);
  });

  it('and never where it is damaged', async () => {
    const profile = Buffer.from((jpegHeader(await srgb()) as { profile: Uint8Array }).profile);
    for (let end = 0; end < profile.length; end += 7) {
      const cut = profile.subarray(0, end);
      expect(() => isSrgb(cut)).not.toThrow();
    }
    expect(isSrgb(profile.subarray(0, 200))).toBe(false);
  });
});
