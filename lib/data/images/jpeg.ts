/** Records of stores: JPEG files without chroma subsampling, always of three channels. */

import turbo from '@julusian/jpeg-turbo';
import { AlexNetError } from '../../errors.js';
import { readJpeg, writeJpeg } from '../../runtime/native/images.js';
import { hasTurboJpeg } from './turbojpeg.js';

export interface JpegCoder {
  /** size × size × 3 bytes of RGB as a JPEG file of a quality from 1 to 100, in memory of its own. */
  readonly encode: (pixels: Uint8Array, size: number, quality: number) => Uint8Array<ArrayBuffer>;
  /** Into `target`, of size × size × 3 bytes. Throws for what is no flawless JPEG file of that size. */
  readonly decode: (jpeg: Uint8Array, size: number, target: Uint8Array) => void;
}

/** libjpeg-turbo itself. */
export const directCoder: JpegCoder = {
  encode: writeJpeg,
  decode(jpeg, size, target) {
    if (!readJpeg(jpeg, size, target)) throw new AlexNetError('DATA', 'a record is no flawless JPEG file');
  },
};

const { FORMAT_RGB, SAMP_444, bufferSize, compressSync, decompressSync } = turbo;

/** The same by the binding that its package has, which takes the fast transforms. */
export const boundCoder: JpegCoder = {
  encode(pixels, size, quality) {
    const format = { width: size, height: size, subsampling: SAMP_444 };
    const space = Buffer.allocUnsafeSlow(bufferSize(format));
    return new Uint8Array(compressSync(asBuffer(pixels), space, { ...format, format: FORMAT_RGB, quality }));
  },
  decode(jpeg, _size, target) {
    decompressSync(asBuffer(jpeg), asBuffer(target), { format: FORMAT_RGB });
  },
};

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const { encode: encodeJpeg, decode: decodeJpeg } = hasTurboJpeg() ? directCoder : boundCoder;
