import { describe, expect, it } from 'vitest';
import { jpegHeader } from '../../../lib/data/images/jpeg-header.js';
import { image, speckled } from './fixtures.js';
import { jpegWithProfile, proPhotoProfile } from './icc.js';

const picture = image(37, 21, speckled(1));
const srgb = async (): Promise<Buffer> => await picture.clone().withIccProfile('srgb').jpeg().toBuffer();

describe("a JPEG file's header", () => {
  it.each([
    ['baseline', { progressive: false }],
    ['progressive', { progressive: true }],
    ['with chroma by halves', { chromaSubsampling: '4:2:0' }],
  ])('%s', async (_, options) => {
    const bytes = await picture.clone().jpeg(options).toBuffer();
    expect(jpegHeader(bytes)).toEqual({
      width: 37,
      height: 21,
      channels: 3,
      usual: true,
      orientation: 1,
      profile: undefined,
    });
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

  it('has the number of channels', async () => {
    const grey = await picture.clone().toColourspace('b-w').jpeg().toBuffer();
    const cmyk = await picture.clone().toColourspace('cmyk').jpeg().toBuffer();
    expect([jpegHeader(grey)?.channels, jpegHeader(cmyk)?.channels]).toEqual([1, 4]);
  });

  it('says which way is up, in either order of bytes', async () => {
    for (const orientation of [1, 3, 6, 8]) {
      const bytes = await picture.clone().withMetadata({ orientation }).jpeg().toBuffer();
      expect(jpegHeader(bytes)?.orientation).toBe(orientation);
    }
    const bytes = await picture.clone().jpeg().toBuffer();
    const big = 'Exif\0\0MM\0*\0\0\0\u0008\0\u0001\u0001\u0012\0\u0003\0\0\0\u0001\0\u0005\0\0\0\0\0\0';
    const segment = (text: string): Buffer => {
      const body = Buffer.from(text, 'latin1');
      return Buffer.concat([Buffer.from([0xff, 0xe1, 0, body.length + 2]), body]);
    };
    const exif = (text: string) =>
      jpegHeader(Buffer.concat([bytes.subarray(0, 2), segment(text), bytes.subarray(2)]));
    expect(exif(big)?.orientation).toBe(5);
    expect(exif('Exif\0\0MM\0*\0\0\0\u0008\0\0\0\0\0\0')?.orientation).toBe(1);
    // Directories that lie outside.
    for (let end = 8; end < 25; end++) expect(exif(big.slice(0, end))).toBeUndefined();
  });

  it('tells unusual codings: here 12 bits, and arithmetic codes', async () => {
    const bytes = await picture.clone().jpeg().toBuffer();
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    const changed = (at: number, value: number) => {
      const copy = Buffer.from(bytes);
      copy[frame + at] = value;
      return jpegHeader(copy)?.usual;
    };
    expect([changed(4, 12), changed(1, 0xc9), changed(1, 0xc1)]).toEqual([false, false, true]);
  });

  it('of a file that ends before its first scan is undefined', async () => {
    const bytes = await srgb();
    const scan = bytes.indexOf(Buffer.from([0xff, 0xda]));
    const length = 2 + bytes.readUInt16BE(scan + 2);
    for (let end = 0; end <= scan + 3; end++) expect(jpegHeader(bytes.subarray(0, end))).toBeUndefined();
    expect(jpegHeader(bytes.subarray(0, scan + length))).toEqual(jpegHeader(bytes));
  });
});
