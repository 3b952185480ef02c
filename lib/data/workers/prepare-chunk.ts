/** In a worker thread: images out of a source, made records, with the sums over their pixels. */

import sharp from 'sharp';
import { crc32 } from 'node:zlib';
import { accumulate } from '../../runtime/native.js';
import { decodeImage, type Decoded } from '../decode.js';
import { encodeJpeg } from '../jpeg.js';
import type { RecordOptions } from '../store/types.js';
import type { ImageContent, PixelSums, PrepareChunk, PreparedChunk } from './tasks.js';

export async function prepareChunk({ record, images }: PrepareChunk): Promise<PreparedChunk> {
  const sums = images.some(({ measured }) => measured) ? emptySums(record.size) : null;
  const records: PreparedChunk['records'][number][] = [];
  let counted = 0;
  let next = pixelsOf(images[0]?.content, record);
  for (const [i, { measured }] of images.entries()) {
    const decoded = await next;
    // Decoding runs in threads of its own: the next image beside the encoding of this one.
    next = pixelsOf(images[i + 1]?.content, record);
    if ('reason' in decoded) {
      records.push(decoded);
      continue;
    }
    const { pixels } = decoded;
    if (measured && sums) {
      accumulate(pixels, sums.mean, sums.colour);
      counted++;
    }
    const encoded = encode(pixels, record);
    records.push({ record: encoded, checksum: crc32(encoded) });
  }
  return { records, sums: sums && counted > 0 ? { ...sums, images: counted } : null };
}

const emptySums = (size: number): Omit<PixelSums, 'images'> => ({
  mean: new Uint32Array(size ** 2 * 3),
  colour: new BigUint64Array(9),
});

async function pixelsOf(content: ImageContent | undefined, record: RecordOptions): Promise<Decoded> {
  if (!content) return { reason: 'there is no image' };
  const { size, fit, allowTruncated } = record;
  if ('pixels' in content) return await resized(content.pixels, content.side, size);
  const source = 'file' in content ? content.file : content.bytes;
  return await decodeImage(source, { store: size, fit }, { allowTruncated });
}

async function resized(pixels: Uint8Array, side: number, size: number): Promise<Decoded> {
  if (pixels.length !== side ** 2 * 3) return { reason: `it has not ${side} × ${side} pixels` };
  if (side === size) return { pixels };
  const raw = { width: side, height: side, channels: 3 } as const;
  return { pixels: await sharp(pixels, { raw }).resize(size, size).raw().toBuffer() };
}

/** Memory of its own, to be moved to another thread. */
function encode(pixels: Uint8Array, { size, encoding }: RecordOptions): Uint8Array<ArrayBuffer> {
  return encoding.kind === 'raw' ? Uint8Array.from(pixels) : encodeJpeg(pixels, size, encoding.quality);
}
