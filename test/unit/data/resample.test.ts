import { describe, expect, it } from 'vitest';
import { resample, type Corner, type ImageExtent } from '../../../lib/runtime/native/images.js';
import { cpuInfo } from '../../../lib/runtime/native/cpu.js';
import { Random, testSeed } from '../../conformance/random.js';
import { needs } from '../../needs.js';

type Part = ImageExtent & Corner;

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (x: number): number => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0);

/** Of `count` inputs the weights of output i, as the definition has it. */
function weights(count: number, from: number, extent: number, size: number, i: number): number[] {
  const step = extent / size;
  const centre = from + (i + 0.5) * step;
  const own = Array.from({ length: count }, (_, j) => lanczos((j + 0.5 - centre) / Math.max(step, 1)));
  const sum = own.reduce((a, b) => a + b);
  return own.map((weight) => weight / sum);
}

function exactly(pixels: Uint8Array, { width, height }: ImageExtent, part: Part, size: number): Float64Array {
  const target = new Float64Array(size ** 2 * 3);
  const columns = Array.from({ length: size }, (_, x) => weights(width, part.left, part.width, size, x));
  for (let y = 0; y < size; y++) {
    const rows = weights(height, part.top, part.height, size, y);
    const line = new Float64Array(width * 3);
    rows.forEach((weight, row) => {
      if (weight === 0) return;
      for (let i = 0; i < line.length; i++)
        line[i] = (line[i] as number) + weight * (pixels[row * line.length + i] as number);
    });
    columns.forEach((own, x) => {
      for (let c = 0; c < 3; c++) {
        const sum = own.reduce((all, weight, column) => all + weight * (line[column * 3 + c] as number), 0);
        target[(y * size + x) * 3 + c] = Math.min(255, Math.max(0, sum));
      }
    });
  }
  return target;
}

const random = new Random('resample', 0);
const whole = ({ width, height }: ImageExtent): Part => ({ left: 0, top: 0, width, height });
const noise = ({ width, height }: ImageExtent): Uint8Array =>
  Uint8Array.from({ length: width * height * 3 }, () => random.integer(0, 255));
/** Black and white at its hardest: what overshoots most. */
const edges = ({ width, height }: ImageExtent): Uint8Array =>
  Uint8Array.from({ length: width * height * 3 }, () => 255 * random.integer(0, 1));

describe.each(['avx512', 'avx2', 'baseline'])('resampling with %s', (isa) => {
  process.env['ALEXNET_NATIVE_ISA'] = isa;
  const there = cpuInfo().isa === isa;
  delete process.env['ALEXNET_NATIVE_ISA'];
  const resampled = (pixels: Uint8Array, image: ImageExtent, part: Part, size: number): Uint8Array => {
    process.env['ALEXNET_NATIVE_ISA'] = isa;
    try {
      return resample(pixels, image, part, size);
    } finally {
      delete process.env['ALEXNET_NATIVE_ISA'];
    }
  };

  it.runIf(there)(`is Lanczos's kernel, seed ${testSeed}${needs(there, `a processor with ${isa}`)}`, () => {
    for (let round = 0; round < 60; round++) {
      const image = { width: random.integer(1, 90), height: random.integer(1, 90) };
      const part = {
        left: (image.width / 3) * (random.integer(0, 100) / 100),
        top: (image.height / 3) * (random.integer(0, 100) / 100),
        width: (image.width * random.integer(20, 66)) / 100,
        height: (image.height * random.integer(20, 66)) / 100,
      };
      const size = random.integer(1, 40);
      const pixels = round % 2 === 0 ? noise(image) : edges(image);
      const target = resampled(pixels, image, part, size);
      const expected = exactly(pixels, image, part, size);
      const apart = expected.map((value, i) => Math.abs(value - (target[i] as number)));
      // Half a level is the last rounding's; weights have 14 bits, what is between the passes 6 of fraction.
      expect(Math.max(...apart), JSON.stringify({ image, part, size })).toBeLessThan(0.62);
      expect([...target]).toEqual([...resample(pixels, image, part, size)]);
    }
  });

  it.runIf(there)(
    `keeps what is flat, and shrinks thousands of pixels to a few${needs(there, `a processor with ${isa}`)}`,
    () => {
      for (const [image, size] of [
        [{ width: 1, height: 1 }, 16],
        [{ width: 1, height: 4000 }, 3],
        [{ width: 30_000, height: 2 }, 5],
        [{ width: 333, height: 500 }, 256],
      ] as const) {
        for (const level of [0, 77, 255]) {
          const pixels = new Uint8Array(image.width * image.height * 3).fill(level);
          expect(new Set(resampled(pixels, image, whole(image), size))).toEqual(new Set([level]));
        }
      }
      const image = { width: 3000, height: 7 };
      const pixels = noise(image);
      const expected = exactly(pixels, image, whole(image), 4);
      resampled(pixels, image, whole(image), 4).forEach((value, i) =>
        expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1.5),
      );
    },
  );
});

it('refuses what does not go together', () => {
  const image = { width: 4, height: 3 };
  const pixels = new Uint8Array(36);
  for (const call of [
    () => resample(pixels.subarray(1), image, whole(image), 2),
    () => resample(pixels, { width: 0, height: 3 }, whole(image), 2),
    () => resample(pixels, { width: 2 ** 17, height: 3 }, whole(image), 2),
    () => resample(pixels, image, { ...whole(image), left: 1 }, 2),
    () => resample(pixels, image, { ...whole(image), top: -1 }, 2),
    () => resample(pixels, image, { ...whole(image), width: 0 }, 2),
    () => resample(pixels, image, { ...whole(image), height: Number.NaN }, 2),
    () => resample(pixels, image, whole(image), 0),
    () => resample(pixels, image, whole(image), 1.5),
  ]) {
    expect(call).toThrow(expect.objectContaining({ code: 'USAGE' }));
  }
});

it('the same image gives the same bytes, whatever sizes came before it', () => {
  const shapes = Array.from({ length: 70 }, (_, i) => [20 + i, 90 - i] as const);
  const once = ([width, height]: readonly [number, number]): string => {
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + width) % 256);
    const part = { left: 0.5, top: 0, width: width - 0.5, height };
    return Buffer.from(resample(pixels, { width, height }, part, 16)).toString('base64');
  };
  const first = shapes.map(once);
  expect(shapes.toReversed().map(once)).toEqual(first.toReversed());
  expect(new Set(first).size).toBe(shapes.length);
});
