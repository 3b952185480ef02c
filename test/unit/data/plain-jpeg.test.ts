import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import sharp, { type JpegOptions, type Sharp } from 'sharp';
import { decodeImage, plainJpeg } from '../../../lib/data/images/decode.js';
import { jpegHeader, type JpegHeader } from '../../../lib/data/images/jpeg-header.js';
import { squareOf } from '../../../lib/data/images/square.js';
import * as turbo from '../../../lib/data/images/turbojpeg.js';
import { packageRoot } from '../../../lib/package-root.js';
import { image, speckled, temporaryFolder } from './fixtures.js';
import { needs } from '../../needs.js';

const store = 24;
const plain = async (bytes: Buffer, fit: 'crop' | 'warp' = 'crop') =>
  await plainJpeg(bytes, jpegHeader(bytes) as JpegHeader, { store, fit });

async function byLibvips(bytes: Buffer, fit: 'crop' | 'warp'): Promise<Uint8Array> {
  const { data, info } = await sharp(bytes).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const rgb = info.channels === 3 ? data : Buffer.from([...data].flatMap((value) => [value, value, value]));
  return squareOf(rgb, info, { store, fit });
}

const smooth = (width: number, height: number): Sharp =>
  image(width, height, speckled(width + height)).blur(1.5);
const codings: readonly (readonly [string, JpegOptions])[] = [
  ['baseline', { progressive: false }],
  ['progressive', { progressive: true }],
  ['with chroma by halves', { chromaSubsampling: '4:2:0' }],
  ['with all of its chroma', { chromaSubsampling: '4:4:4' }],
  ['of low quality', { quality: 20 }],
];
const sizes = [
  [24, 24],
  [40, 31],
  [31, 67],
  [300, 200],
  [9, 5],
  [1, 1],
  [1, 50],
] as const;

afterEach(() => vi.restoreAllMocks());

const there = turbo.hasTurboJpeg();
describe.runIf(there)(`a plain JPEG file${needs(there, '@julusian/jpeg-turbo')}`, () => {
  it.each(codings)('%s: the very pixels that libvips makes of it', async (_, options) => {
    for (const [width, height] of sizes) {
      for (const fit of ['crop', 'warp'] as const) {
        const bytes = await smooth(width, height).jpeg(options).toBuffer();
        expect(await plain(bytes, fit)).toEqual(Uint8Array.from(await byLibvips(bytes, fit)));
      }
    }
  });

  it('of grey, too', async () => {
    const bytes = await smooth(50, 40).toColourspace('b-w').jpeg().toBuffer();
    expect(jpegHeader(bytes)?.channels).toBe(1);
    expect(await plain(bytes)).toEqual(Uint8Array.from(await byLibvips(bytes, 'crop')));
  });

  it('is not what libjpeg remarks on, of other size than it says, turned, or of four channels', async () => {
    const bytes = await smooth(60, 60).jpeg().toBuffer();
    const header = jpegHeader(bytes) as JpegHeader;
    const fit = { store, fit: 'crop' } as const;
    expect(await plainJpeg(bytes.subarray(0, bytes.length * 0.7), header, fit)).toBeUndefined();
    expect(await plainJpeg(bytes.subarray(0, -2), header, fit)).toBeUndefined();
    expect(await plainJpeg(bytes, { ...header, height: 61 }, fit)).toBeUndefined();
    expect(await plainJpeg(bytes, { ...header, orientation: 6 }, fit)).toBeUndefined();
    const cmyk = await smooth(60, 60).toColourspace('cmyk').jpeg().toBuffer();
    expect(await plain(cmyk)).toBeUndefined();
  });

  it('leaves the calling thread free, many at once', async () => {
    const files = await Promise.all(
      Array.from(
        { length: 40 },
        async (_, i) =>
          await smooth(100 + i, 120)
            .jpeg()
            .toBuffer(),
      ),
    );
    const squares = await Promise.all(files.map(async (bytes) => await plain(bytes)));
    for (const [i, bytes] of files.entries())
      expect(squares[i]).toEqual(Uint8Array.from(await byLibvips(bytes, 'crop')));
  });
});

it('where there is no libjpeg-turbo libvips decodes, to the same pixels', async () => {
  const bytes = await smooth(77, 50).jpeg().toBuffer();
  const expected = await decodeImage(bytes, { store, fit: 'crop' });
  vi.spyOn(turbo, 'hasTurboJpeg').mockReturnValue(false);
  expect(await plain(bytes)).toBeUndefined();
  const found = await decodeImage(bytes, { store, fit: 'crop' });
  expect('pixels' in found && 'pixels' in expected && Buffer.from(found.pixels).equals(expected.pixels)).toBe(
    true,
  );
});

it('a worker thread may end while images are decoded for it', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'a.jpg');
  await smooth(400, 300).jpeg().toFile(file);
  const decoder = pathToFileURL(join(packageRoot(), 'dist', 'lib', 'data', 'images', 'decode.js')).href;
  const program = `
    import { Worker, isMainThread } from 'node:worker_threads';
    if (isMainThread) {
      for (let i = 0; i < 6; i++) {
        const worker = new Worker(new URL(import.meta.url));
        await new Promise((resolve) => worker.once('message', resolve));
        await new Promise((resolve) => setTimeout(resolve, 3 * i));
        await worker.terminate();
      }
      console.log('all ended');
    } else {
      const { decodeImage } = await import(${JSON.stringify(decoder)});
      const { parentPort } = await import('node:worker_threads');
      const once = () => decodeImage(${JSON.stringify(file)}, { store: 64, fit: 'crop' });
      for (;;) {
        await Promise.all(Array.from({ length: 8 }, once));
        parentPort.postMessage(0);
      }
    }`;
  await writeFile(join(folder, 'ending.mjs'), program);
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'ending.mjs')]);
  expect(stdout).toBe('all ended\n');
});
