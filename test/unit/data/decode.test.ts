import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, type Decoded, type ImageSource } from '../../../lib/data/decode.js';
import { image, sharedFile, temporaryFolder, type Rgb } from './fixtures.js';

const store = 16;
const crop = async (source: ImageSource): Promise<Decoded> =>
  await decodeImage(source, { store, fit: 'crop' });

function pixels(decoded: Decoded): Uint8Array {
  if ('reason' in decoded) throw new Error(decoded.reason);
  expect(decoded.pixels).toHaveLength(store * store * 3);
  return decoded.pixels;
}

/** Mean colour of a part of the square, by rows and columns from–to. */
function mean(
  decoded: Decoded,
  rows: [number, number] = [0, store],
  columns: [number, number] = [0, store],
): Rgb {
  const all = pixels(decoded);
  const sums: [number, number, number] = [0, 0, 0];
  for (let y = rows[0]; y < rows[1]; y++) {
    for (let x = columns[0]; x < columns[1]; x++) {
      for (let c = 0; c < 3; c++) sums[c] = (sums[c] as number) + (all[(y * store + x) * 3 + c] as number);
    }
  }
  const count = (rows[1] - rows[0]) * (columns[1] - columns[0]);
  return [sums[0] / count, sums[1] / count, sums[2] / count];
}

function near(colour: Rgb, expected: Rgb, tolerance = 2): void {
  colour.forEach((value, c) =>
    expect(Math.abs(value - (expected[c] as number))).toBeLessThanOrEqual(tolerance),
  );
}

const red: Rgb = [200, 20, 30];
const green: Rgb = [10, 180, 40];
const blue: Rgb = [20, 40, 190];
const plain = (colour: Rgb, width = 20, height = 20) => image(width, height, () => colour);
/** Three parts side by side: a quarter, a half, a quarter. */
const banner = image(64, 32, (x) => (x < 16 ? red : x < 48 ? green : blue));

describe('decoding an image', () => {
  it('keeps the centre square of what is longer (the paper), or warps it (Caffe)', async () => {
    const bytes = await banner.png().toBuffer();
    near(mean(await crop(bytes)), green);
    const warped = await decodeImage(bytes, { store, fit: 'warp' });
    near(mean(warped, [0, 16], [0, 3]), red);
    near(mean(warped, [0, 16], [6, 10]), green);
    near(mean(warped, [0, 16], [13, 16]), blue);
  });

  it('keeps pixels as they are where nothing has to be rescaled', async () => {
    const square = image(store, store, (x, y) => [x * 16, y * 16, 255 - x * 16]);
    const expected = await square.clone().raw().toBuffer();
    expect(Buffer.from(pixels(await crop(await square.png().toBuffer()))).equals(expected)).toBe(true);
  });

  it('reads a path as it reads the bytes', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.jpg'), await banner.jpeg().toBuffer());
    expect(await crop(join(folder, 'a.jpg'))).toEqual(await crop(await readFile(join(folder, 'a.jpg'))));
  });

  it('turns images as EXIF says', async () => {
    // Orientation 6: turned a quarter to the right, what was at the left is on top.
    const halves = image(32, 32, (x) => (x < 16 ? red : blue));
    const turned = await crop(
      await halves.withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer(),
    );
    near(mean(turned, [0, 6]), red, 4);
    near(mean(turned, [10, 16]), blue, 4);
  });

  it('makes RGB bytes of greyscale, with alpha or without', async () => {
    const grey = image(20, 20, () => [90, 90, 90]).greyscale();
    near(mean(await crop(await grey.clone().jpeg().toBuffer())), [90, 90, 90]);
    near(mean(await crop(await grey.clone().png().toBuffer())), [90, 90, 90]);
    near(mean(await crop(await grey.clone().ensureAlpha(0.5).png().toBuffer())), [172, 172, 172]);
  });

  it('makes RGB bytes of CMYK', async () => {
    const bytes = await plain(red).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe('cmyk');
    const [r, g, b] = mean(await crop(bytes));
    expect(r).toBeGreaterThan(150);
    expect(Math.max(g, b)).toBeLessThan(90);
  });

  it('makes RGB bytes of 16 bits a channel', async () => {
    const bytes = await plain(green).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe('ushort');
    near(mean(await crop(bytes)), green);
  });

  it('makes sRGB of other colour spaces by their ICC profile', async () => {
    const bytes = await plain(red).withIccProfile('p3').png().toBuffer();
    // The numbers in the file are Display P3's.
    const [stored] = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(stored).toBeLessThan(190);
    near(mean(await crop(bytes)), red, 4);
  });

  it('lays transparent images on white', async () => {
    const half = await plain(red).ensureAlpha(0.5).png().toBuffer();
    near(mean(await crop(half)), [228, 138, 143]);
    const clear = await plain([0, 0, 0]).ensureAlpha(0).webp({ lossless: true }).toBuffer();
    near(mean(await crop(clear)), [255, 255, 255]);
  });

  it('reads palettes, and the first picture of an animation', async () => {
    near(mean(await crop(await plain(blue).png({ palette: true }).toBuffer())), blue);
    const frames = await sharp(
      await Promise.all([red, green].map(async (c) => await plain(c).png().toBuffer())),
      {
        join: { animated: true },
      },
    )
      .gif()
      .toBuffer();
    expect((await sharp(frames, { pages: -1 }).metadata()).pages).toBe(2);
    near(mean(await crop(frames)), red, 4);
  });

  it.each([
    [1, 1],
    [1, 3000],
    [3000, 2],
  ])('takes an image of %i × %i pixels', async (width, height) => {
    near(mean(await crop(await plain(green, width, height).png().toBuffer())), green);
  });
});

describe('an image that cannot be read gives a reason', () => {
  it.each(['jpeg', 'png', 'webp', 'tiff', 'gif'] as const)('%s cut short', async (format) => {
    const noisy = image(200, 200, (x, y) => [(x * y * 31) % 256, (x * 57 + y) % 256, (y * y) % 256]);
    const bytes = await noisy.toFormat(format).toBuffer();
    expect(await crop(bytes)).toHaveProperty('pixels');
    for (const part of [0.5, 0.9]) {
      const { reason } = (await crop(bytes.subarray(0, bytes.length * part))) as { reason: string };
      expect(reason).toMatch(/^[^\n]+$/);
    }
  });

  it('a file that is empty, text, a folder, or not there', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'empty.jpg'), '');
    await writeFile(join(folder, 'text.jpg'), 'this is text');
    const reason = async (name: string) => await crop(join(folder, name));
    expect(await reason('empty.jpg')).toEqual({ reason: 'the file is empty' });
    expect(await reason('text.jpg')).toEqual({ reason: 'it is not an image this program can read' });
    expect(await reason('')).toEqual({ reason: 'it is not a file' });
    expect(await reason('absent.jpg')).toEqual({ reason: 'the file does not exist' });
    expect(await crop(new Uint8Array(0))).toEqual({ reason: 'there are no bytes' });
    expect(await crop(Buffer.from('<html>'))).toEqual({ reason: 'it is not an image this program can read' });
  });

  it('a small file that claims to be a huge image', async () => {
    const chunk = (kind: string, data: Uint8Array): Buffer => {
      const bytes = Buffer.alloc(12 + data.length);
      bytes.writeUInt32BE(data.length, 0);
      bytes.write(kind, 4, 'latin1');
      bytes.set(data, 8);
      bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
      return bytes;
    };
    // 60,000 × 60,000, 8 bits a channel, RGB.
    const header = Buffer.from('0000ea600000ea600802000000', 'hex');
    const bomb = Buffer.concat([
      Buffer.from('89504e470d0a1a0a', 'hex'),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(Buffer.alloc(1000))),
      chunk('IEND', Buffer.alloc(0)),
    ]);
    expect(await crop(bomb)).toEqual({ reason: 'it has more than 200 million pixels' });
  });
});

describe('odd images of the wild', () => {
  const odd = sharedFile('odd-images.tar');

  it.skipIf(odd.missing)(`each has its fate${odd.missing ? ` (${odd.missing})` : ''}`, async () => {
    const folder = await temporaryFolder();
    await promisify(execFile)('tar', ['-xf', odd.path, '-C', folder]);
    const at = (name: string): string => join(folder, 'odd-images', name);
    expect(await crop(at('empty.jpg'))).toEqual({ reason: 'the file is empty' });
    expect(await crop(at('cut_short.JPEG'))).toEqual({
      reason: expect.stringMatching(/^it is damaged \(.*premature end/) as unknown,
    });
    for (const name of ['exif_gps.jpg', 'flower2.webp', 'hopper.gif', 'pil_sample_rgb.jpg']) {
      pixels(await crop(at(name)));
    }
    // Grey levels 291 to 694 of 65,535.
    near(mean(await crop(at('16bit.MM.deflate.tif'))), [1, 1, 1], 1);
    // One photograph, stored turned by half and by a quarter.
    const upright = pixels(await crop(at('orient_portrait_3.jpg')));
    const other = pixels(await crop(at('orient_portrait_6.jpg')));
    const apart = upright.reduce((sum, value, i) => sum + Math.abs(value - (other[i] as number)), 0);
    expect(apart / upright.length).toBeLessThan(3);
  });
});
