/** PNG files chunk by chunk. */

import { crc32, deflateSync } from 'node:zlib';

const start = Buffer.from('89504e470d0a1a0a', 'hex');

export function pngChunk(kind: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(kind, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

export const pngFile = (chunks: readonly Buffer[]): Buffer => Buffer.concat([start, ...chunks]);

export function pngChunks(file: Uint8Array): Buffer[] {
  const bytes = Buffer.from(file);
  const chunks: Buffer[] = [];
  for (let at = start.length; at < bytes.length;) {
    const end = at + 12 + bytes.readUInt32BE(at);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

/** 8 bits a channel, RGB. */
export function pngHeader(width: number, height: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([8, 2], 8);
  return pngChunk('IHDR', data);
}

/** Claims to be of that size, and holds a few rows at most. */
export const claimedPng = (width: number, height: number): Buffer =>
  pngFile([
    pngHeader(width, height),
    pngChunk('IDAT', deflateSync(Buffer.alloc(1000))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);

/** The still picture first, then a second frame, as APNG has it. */
export function animatedPng(first: Uint8Array, second: Uint8Array): Buffer {
  const words = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i));
    return bytes;
  };
  const [header, ...rest] = pngChunks(first) as [Buffer, ...Buffer[]];
  const [width, height] = [header.readUInt32BE(8), header.readUInt32BE(12)];
  const control = (sequence: number): Buffer =>
    pngChunk('fcTL', Buffer.concat([words(sequence, width, height, 0, 0), Buffer.from([0, 1, 0, 10, 0, 0])]));
  const dataOf = (chunks: readonly Buffer[]): Buffer[] =>
    chunks.filter((chunk) => chunk.toString('latin1', 4, 8) === 'IDAT');
  const later = dataOf(pngChunks(second)).map((chunk, i) =>
    pngChunk('fdAT', Buffer.concat([words(2 + i), chunk.subarray(8, -4)])),
  );
  const others = rest.filter((chunk) => !dataOf([chunk]).length && chunk.toString('latin1', 4, 8) !== 'IEND');
  return pngFile([
    header,
    pngChunk('acTL', words(2, 0)),
    ...others,
    control(0),
    ...dataOf(rest),
    control(1),
    ...later,
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}
