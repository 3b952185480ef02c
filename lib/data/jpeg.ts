/** Records of stores: JPEG files without chroma subsampling, always of three channels. */

import turbo from '@julusian/jpeg-turbo';

const { FORMAT_RGB, SAMP_444, bufferSize, compressSync, decompressSync } = turbo;

/** size × size × 3 bytes of RGB as a JPEG file of a quality from 1 to 100. */
export function encodeJpeg(pixels: Uint8Array, size: number, quality: number): Uint8Array<ArrayBuffer> {
  const format = { width: size, height: size, subsampling: SAMP_444 };
  const space = Buffer.allocUnsafeSlow(bufferSize(format));
  return Uint8Array.from(compressSync(asBuffer(pixels), space, { ...format, format: FORMAT_RGB, quality }));
}

/** Into `target`, of size × size × 3 bytes. */
export function decodeJpeg(jpeg: Uint8Array, target: Uint8Array): void {
  decompressSync(asBuffer(jpeg), asBuffer(target), { format: FORMAT_RGB });
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
