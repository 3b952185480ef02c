/** What a JPEG file says of itself before its pixels begin. */

import type { Extent } from '../runtime/native.js';

export interface JpegHeader extends Extent {
  /** The embedded colour profile, joined from its parts. */
  readonly profile: Uint8Array | undefined;
}

const marker = { scan: 0xda, profile: 0xe2 } as const;
/** Frames of every coding; among their numbers are three of other segments. */
const isFrame = (code: number): boolean => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);
const profileName = 'ICC_PROFILE\0';

/** Undefined where it is damaged. Reads nothing behind the first scan's beginning. */
export function jpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: Extent | undefined;
  const parts: Buffer[] = [];
  let expected = 0;
  try {
    for (let at = 2, code = 0; code !== marker.scan;) {
      if (file.readUInt8(at) !== 0xff) return undefined;
      while (file.readUInt8(at) === 0xff) at++;
      code = file.readUInt8(at);
      const body = file.subarray(at + 3, at + 1 + file.readUInt16BE(at + 1));
      at += 1 + file.readUInt16BE(at + 1);
      if (isFrame(code)) size ??= { height: body.readUInt16BE(1), width: body.readUInt16BE(3) };
      else if (code === marker.profile && body.toString('latin1', 0, profileName.length) === profileName) {
        parts[body.readUInt8(12)] = body.subarray(14);
        expected = body.readUInt8(13);
      }
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  if (!size || size.width * size.height === 0) return undefined;
  const found = parts.filter((part) => part !== undefined);
  if (found.length !== expected) return undefined;
  return { ...size, profile: expected > 0 ? Buffer.concat(found) : undefined };
}
