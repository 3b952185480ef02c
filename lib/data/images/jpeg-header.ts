/** What a JPEG file says of itself before its pixels begin. */

import type { ImageExtent } from '../../runtime/native/images.js';

export interface JpegHeader extends ImageExtent {
  readonly channels: number;
  /** Whether it is coded as nearly all are: 8 bits by Huffman's codes, baseline, extended or progressive. */
  readonly usual: boolean;
  /** EXIF's, 1 (upright) to 8. */
  readonly orientation: number;
  /** The embedded colour profile, joined from its parts. */
  readonly profile: Uint8Array | undefined;
}

const marker = { scan: 0xda, exif: 0xe1, profile: 0xe2 } as const;
/** Frames of every coding; among their numbers are three of other segments. */
const isFrame = (code: number): boolean => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);
/** The last of the usual ones. */
const progressive = 0xc2;
const profileName = 'ICC_PROFILE\0';
const exifName = 'Exif\0\0';
const begins = (body: Buffer, name: string): boolean => body.toString('latin1', 0, name.length) === name;

/** Undefined where it, or what it embeds, is damaged. Reads nothing behind the first scan's beginning. */
export function jpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frame: Omit<JpegHeader, 'orientation' | 'profile'> | undefined;
  let orientation = 1;
  const parts: Buffer[] = [];
  let expected = 0;
  try {
    for (let at = 2, code = 0; code !== marker.scan;) {
      if (file.readUInt8(at) !== 0xff) return undefined;
      while (file.readUInt8(at) === 0xff) at++;
      code = file.readUInt8(at);
      const body = file.subarray(at + 3, at + 1 + file.readUInt16BE(at + 1));
      at += 1 + file.readUInt16BE(at + 1);
      if (isFrame(code))
        frame ??= {
          width: body.readUInt16BE(3),
          height: body.readUInt16BE(1),
          channels: body.readUInt8(5),
          usual: code <= progressive && body.readUInt8(0) === 8,
        };
      else if (code === marker.exif && begins(body, exifName))
        orientation = orientationOf(body.subarray(exifName.length)) ?? orientation;
      else if (code === marker.profile && begins(body, profileName)) {
        parts[body.readUInt8(12)] = body.subarray(14);
        expected = body.readUInt8(13);
      }
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  if (!frame || frame.width * frame.height === 0) return undefined;
  const found = parts.filter((part) => part !== undefined);
  if (found.length !== expected) return undefined;
  return { ...frame, orientation, profile: expected > 0 ? Buffer.concat(found) : undefined };
}

/** The orientation tag of EXIF's first directory. */
function orientationOf(exif: Buffer): number | undefined {
  const little = begins(exif, 'II');
  const short = (at: number): number => (little ? exif.readUInt16LE(at) : exif.readUInt16BE(at));
  const directory = little ? exif.readUInt32LE(4) : exif.readUInt32BE(4);
  for (let i = 0; i < short(directory); i++) {
    const entry = directory + 2 + 12 * i;
    if (short(entry) === 0x0112) return short(entry + 8);
  }
  return undefined;
}
