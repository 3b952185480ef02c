/** In a worker thread: images out of a source, made records, with the sums over their pixels. */

import { crc32 } from 'node:zlib';
import { accumulate } from '../../runtime/native/images.js';
import { decodeImage, type Decoded } from '../images/decode.js';
import { encodeJpeg } from '../images/jpeg.js';
import { squareOf } from '../images/square.js';
import type { RecordOptions } from '../store/types.js';
import type { ImageContent, PrepareChunk, PreparedChunk } from '../store/tasks.js';
import type { PixelSums } from '../colour.js';

/** Decoding runs in threads of its own: the next images beside the encoding of this one. */
const decodedAhead = 16;

export async function prepareChunk({ record, images }: PrepareChunk): Promise<PreparedChunk> {
  const sums = images.some(({ measured }) => measured) ? emptySums(record.size) : null;
  const records: PreparedChunk['records'][number][] = [];
  let counted = 0;
  const begin = (i: number): Promise<Decoded> => {
    const decoded = pixelsOf(images[i]?.content, record);
    // Awaited in its turn, or never when one before it has failed.
    decoded.catch(() => undefined);
    return decoded;
  };
  const underWay = Array.from({ length: decodedAhead }, (_, i) => begin(i));
  for (const [i, { measured }] of images.entries()) {
    const decoded = (await underWay.shift()) as Decoded;
    underWay.push(begin(i + decodedAhead));
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
  if ('pixels' in content) return resized(content.pixels, content.side, size);
  const source = 'file' in content ? content.file : content.bytes;
  return await decodeImage(source, { store: size, fit }, { allowTruncated });
}

function resized(pixels: Uint8Array, side: number, size: number): Decoded {
  if (pixels.length !== side ** 2 * 3) return { reason: `it has not ${side} × ${side} pixels` };
  return { pixels: squareOf(pixels, { width: side, height: side }, { store: size, fit: 'warp' }) };
}

/** Memory of its own, to be moved to another thread. */
function encode(pixels: Uint8Array, { size, encoding }: RecordOptions): Uint8Array<ArrayBuffer> {
  if (encoding.kind === 'jpeg') return encodeJpeg(pixels, size, encoding.quality);
  const { buffer } = pixels;
  const own = buffer instanceof ArrayBuffer && buffer.byteLength === pixels.byteLength;
  return own ? new Uint8Array(buffer) : new Uint8Array(pixels);
}
