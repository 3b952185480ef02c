import { execFile } from 'node:child_process';
import { readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  decodeImage,
  type Decoded,
  type DecodeOptions,
  type ImageSource,
} from '../../../lib/data/images/decode.js';
import { image, sharedFile, speckled, temporaryFolder, type Rgb } from './fixtures.js';
import {
  jpegWithProfile,
  linearGreyProfile,
  pngWithProfile,
  proPhotoProfile,
  swappedProfile,
} from './icc.js';
import { hugeGif } from './hostile.js';
import { animatedPng, claimedPng } from './png.js';
import { cmykTiff, fourChannelsAsYcck } from './cmyk.js';

const store = 16;
const crop = async (source: ImageSource, options?: DecodeOptions): Promise<Decoded> =>
  await decodeImage(source, { store, fit: 'crop' }, options);

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

  it('makes RGB bytes of YCCK, as of the CMYK it stands for', async () => {
    const bytes = await plain([200, 90, 60]).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    const { ycck, cmyk } = await fourChannelsAsYcck(bytes);
    const expected = mean(await crop(cmykTiff(20, 20, cmyk)));
    near(mean(await crop(ycck)), expected, 3);
    // The same numbers read as CMYK are another colour.
    expect(
      Math.max(...mean(await crop(bytes)).map((part, c) => Math.abs(part - (expected[c] as number)))),
    ).toBeGreaterThan(30);
  });

  describe('by their ICC profile', () => {
    const deep = async (colour: Rgb): Promise<Buffer> =>
      await plain(colour).toColourspace('rgb16').png().toBuffer();

    it('RGB whose primaries are swapped', async () => {
      const swapped: Rgb = [red[2], red[1], red[0]];
      const png = await plain(red).png().toBuffer();
      near(mean(await crop(pngWithProfile(png, swappedProfile))), swapped, 10);
      // Green stays, and in a wider space than sRGB would have other numbers.
      for (const colour of [red, green]) {
        const shallow = await plain(colour).png().toBuffer();
        const expected = mean(await crop(pngWithProfile(shallow, swappedProfile)));
        near(mean(await crop(pngWithProfile(await deep(colour), swappedProfile))), expected);
      }
      const jpeg = await plain(red).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
      near(mean(await crop(jpegWithProfile(jpeg, swappedProfile))), swapped, 10);
    });

    it('RGB of a wider gamut', async () => {
      const bytes = await plain(red).withIccProfile('p3').png().toBuffer();
      // The numbers in the file are Display P3's.
      const [stored] = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
      expect(stored).toBeLessThan(190);
      near(mean(await crop(bytes)), red, 4);
      // By ProPhoto's matrix and its gamma of 1.8 from (100, 100, 100): (100/255)^1.8 of white in light, in sRGB 121.
      for (const png of [await plain([100, 100, 100]).png().toBuffer(), await deep([100, 100, 100])])
        near(mean(await crop(pngWithProfile(png, proPhotoProfile))), [121, 121, 121], 3);
    });

    it('grey', async () => {
      // 55 of 255 of the light is 128 in sRGB.
      const grey = image(20, 20, () => [55, 55, 55]);
      for (const space of ['b-w', 'grey16']) {
        const png = await grey.clone().toColourspace(space).png().toBuffer();
        expect((await sharp(png).metadata()).channels).toBe(1);
        near(mean(await crop(png)), [55, 55, 55]);
        near(mean(await crop(pngWithProfile(png, linearGreyProfile))), [128, 128, 128], 3);
      }
    });

    it('and as sRGB where it makes no sense', async () => {
      const png = await plain(red).png().toBuffer();
      near(mean(await crop(pngWithProfile(png, Buffer.from('no profile')))), red);
      near(mean(await crop(pngWithProfile(png, linearGreyProfile))), red);
    });
  });

  it('passes over a profile that says sRGB', async () => {
    const drawn = image(40, 30, speckled(3));
    const [plain, profiled] = [
      await drawn.clone().jpeg().toBuffer(),
      await drawn.clone().withIccProfile('srgb').jpeg().toBuffer(),
    ];
    expect((await sharp(profiled).metadata()).hasProfile).toBe(true);
    expect(await crop(profiled)).toEqual(await crop(plain));
  });

  it('leaves the middle in the middle, enlarged or shrunk', async () => {
    for (const side of [6, 10, 50, 200]) {
      const halves = await image(side, side, (x) => (x < side / 2 ? [0, 0, 0] : [255, 255, 255]))
        .png()
        .toBuffer();
      const square = pixels(await crop(halves));
      for (let x = 0; x < store; x++)
        near([(square[x * 3] as number) + (square[(store - 1 - x) * 3] as number), 0, 0], [255, 0, 0], 1);
    }
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
    const webp = await sharp(frames, { animated: true }).webp({ lossless: true }).toBuffer();
    expect((await sharp(webp, { pages: -1 }).metadata()).pages).toBe(2);
    near(mean(await crop(webp)), red, 4);
    const [first, second] = await Promise.all(
      [red, green].map(async (colour) => await plain(colour).png().toBuffer()),
    );
    near(mean(await crop(animatedPng(first as Buffer, second as Buffer))), red);
  });

  it.each([
    [1, 1],
    [1, 3000],
    [3000, 2],
    [20_000, 1],
    [1, 60_000],
  ])('takes an image of %i × %i pixels', async (width, height) => {
    near(mean(await crop(await plain(green, width, height).png().toBuffer())), green);
  });
});

describe('a file that ends too soon', () => {
  const noisy = image(200, 200, (x, y) => [(x * y * 31) % 256, (x * 57 + y) % 256, (y * y) % 256]);

  it.each(['jpeg', 'png', 'webp', 'tiff', 'gif', 'avif'] as const)('%s gives a reason', async (format) => {
    const bytes = await noisy.clone().toFormat(format).toBuffer();
    expect(await crop(bytes)).toHaveProperty('pixels');
    for (const part of [0.5, 0.9]) {
      const { reason } = (await crop(bytes.subarray(0, bytes.length * part))) as { reason: string };
      expect(reason).toMatch(/^it is (damaged or )?cut short$/);
    }
  });

  it('is taken when allowed, the rest grey in a JPEG', async () => {
    const bytes = await noisy.clone().jpeg().toBuffer();
    const cut = bytes.subarray(0, bytes.length / 2);
    expect(await crop(cut)).toEqual({ reason: 'it is cut short' });
    const [whole, taken] = [await crop(bytes), await crop(cut, { allowTruncated: true })];
    near(mean(taken, [0, 4]), mean(whole, [0, 4]));
    near(mean(taken, [13, 16]), [128, 128, 128]);
    expect([...new Set(pixels(taken).subarray(-store * 3))]).toEqual([128]);
    for (const format of ['png', 'gif'] as const) {
      const bytes = await noisy.clone().toFormat(format).toBuffer();
      expect(await crop(bytes.subarray(0, bytes.length / 2), { allowTruncated: true })).toHaveProperty(
        'pixels',
      );
    }
  });
});

describe('what is no image to decode gives a reason', () => {
  it('a file that is empty, text, a folder, a pipe, a device, or not there', async () => {
    const folder = await temporaryFolder();
    const reason = async (name: string) => await crop(join(folder, name));
    await writeFile(join(folder, 'empty.jpg'), '');
    await writeFile(join(folder, 'text.jpg'), 'this is text');
    await symlink('circle.jpg', join(folder, 'circle.jpg'));
    await symlink('/absent/for/sure', join(folder, 'lost.jpg'));
    await promisify(execFile)('mkfifo', [join(folder, 'pipe.jpg')]);
    expect(await reason('empty.jpg')).toEqual({ reason: 'the file is empty' });
    expect(await reason('text.jpg')).toEqual({ reason: 'it is not an image this program can read' });
    expect(await reason('')).toEqual({ reason: 'it is not a file' });
    expect(await reason('pipe.jpg')).toEqual({ reason: 'it is not a file' });
    expect(await crop('/dev/zero')).toEqual({ reason: 'it is not a file' });
    expect(await reason('circle.jpg')).toEqual({ reason: 'it is a link that leads to itself' });
    for (const name of ['absent.jpg', 'lost.jpg', 'text.jpg/below'])
      expect(await reason(name)).toEqual({ reason: 'the file does not exist' });
    expect(await crop(new Uint8Array(0))).toEqual({ reason: 'there are no bytes' });
  });

  it('a large file that is none, before it is read', async () => {
    const folder = await temporaryFolder();
    const large = join(folder, 'large.jpg');
    await writeFile(large, 'text');
    // Holes: no disk is filled.
    await truncate(large, 200e6);
    expect(await crop(large)).toEqual({ reason: 'it is not an image this program can read' });
    await truncate(large, 300e6);
    expect(await crop(large)).toEqual({ reason: 'it has more than 256 MB' });
  });

  it('a file without permission', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.jpg'), await banner.jpeg().toBuffer(), { mode: 0 });
    const isRoot = process.geteuid?.() === 0;
    // Root may read everything.
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await crop(join(folder, 'a.jpg'))).toEqual({ reason: 'no permission to read it' });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it.each([
    ['SVG', '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', /^it is SVG/],
    ['a web page', '\n<!DOCTYPE html><html><body>403</body></html>', /^it is a web page/],
    ['PDF', '%PDF-1.7\n%âãÏÓ', /^it is PDF/],
    ['HEIC', '\0\0\0\u0018ftypheic\0\0\0\0', /^it is HEIC/],
    ['BMP', 'BM\u0010\u0001\0\0\0\0\0\0\u0036\0\0\0', /^it is BMP/],
    ['binary', '\u0001\u0002\u0003', /^it is not an image/],
  ])('%s', async (_, text, reason) => {
    expect(await crop(Buffer.from(text, 'latin1'))).toEqual({
      reason: expect.stringMatching(reason) as unknown,
    });
  });

  it('a small file that claims to be a huge image, or one of a huge side', async () => {
    const tooMany = { reason: 'it has more than 120 million pixels' };
    expect(await crop(claimedPng(60_000, 60_000))).toEqual(tooMany);
    expect(await crop(hugeGif(await plain(red).gif().toBuffer()))).toEqual(tooMany);
    const line = await plain(green, 1, 1_000_000).png().toBuffer();
    expect(await decodeImage(line, { store: 256, fit: 'crop' })).toEqual({
      reason: 'one of its sides is far too long for the other',
    });
  });
});

describe('a path', () => {
  it('may be of any script, with anything in it', async () => {
    const folder = await temporaryFolder();
    const bytes = await banner.jpeg().toBuffer();
    for (const name of ['猫.jpg', 'قطة', 'кот [page=3]', 'e\u0301\u0300.jpg', 'a\nb%s$(x).jpg', '🐈']) {
      await writeFile(join(folder, name), bytes);
      expect(await crop(join(folder, name))).toEqual(await crop(bytes));
    }
  });

  it('leads to the image whatever its name says it is', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.JPEG'), await banner.png().toBuffer());
    await symlink('a.JPEG', join(folder, 'link.gif'));
    near(mean(await crop(join(folder, 'link.gif'))), green);
  });
});

describe('odd images of the wild', () => {
  const odd = sharedFile('odd-images.tar');

  it.skipIf(odd.missing)(`each has its fate${odd.why}`, async () => {
    const folder = await temporaryFolder();
    await promisify(execFile)('tar', ['-xf', odd.path, '-C', folder]);
    const at = (name: string): string => join(folder, 'odd-images', name);
    expect(await crop(at('empty.jpg'))).toEqual({ reason: 'the file is empty' });
    expect(await crop(at('cut_short.JPEG'))).toEqual({
      reason: 'it is cut short',
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
