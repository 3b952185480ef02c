/**
 * Why an image could not be decoded. libvips has one buffer of messages for all images that a process decodes at the same time,
 * so its messages may be about another one: reasons come from the file itself.
 */

import type { ImageExtent } from '../../runtime/native/images.js';
import type { ImageKind } from './image-file.js';
import { endsTooSoon } from './whole.js';

/**
 * Larger images are refused before they are decoded: a small file can claim to be 60,000 pixels a side. Interlaced images of
 * this size take a gigabyte while they are decoded.
 */
export const pixelLimit = 120e6;
/** Of libvips, in pixels. */
const longestSide = 10e6;

/** What sharp itself says, word for word; libvips's messages never are these. */
const limits: Readonly<Record<string, string>> = {
  'Input image exceeds pixel limit': `it has more than ${pixelLimit / 1e6} million pixels`,
  'Input image exceeds channel limit': 'it has more than 5 channels',
};

/** One wording for each problem, because reasons are counted. `extent`: where it is known; `store`: the side it is scaled to. */
export function troubleWith(
  bytes: Uint8Array,
  kind: ImageKind,
  extent: ImageExtent | undefined,
  store: number,
  message: string,
): string {
  const limit = limits[message];
  if (limit !== undefined) return limit;
  if (endsTooSoon(bytes, kind)) return 'it is cut short';
  if (extent) {
    const [short, long] = [Math.min(extent.width, extent.height), Math.max(extent.width, extent.height)];
    if ((long * store) / short > longestSide) return 'one of its sides is far too long for the other';
  }
  if (kind === 'avif' && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('hvcC'))
    return 'it is compressed in a way this program cannot read';
  return 'it is damaged or cut short';
}
