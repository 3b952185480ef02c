import { describe, expect, it } from 'vitest';
import { covariance, meanColour, principalAxes, type ColourSums } from '../../../lib/data/colour.js';
import { accumulate } from '../../../lib/runtime/native/images.js';
import { pixelsOf, speckled } from './fixtures.js';

const images = Array.from({ length: 7 }, (_, i) => pixelsOf(9, 5, speckled(i)));

function sumsOf(all: readonly Uint8Array[]): ColourSums {
  const sums = new BigUint64Array(9);
  let pixels = 0;
  for (const image of all) {
    accumulate(image, new Uint32Array(image.length), sums);
    pixels += image.length / 3;
  }
  const counts = [...sums];
  return { pixels: BigInt(pixels), first: counts.slice(0, 3), second: counts.slice(3) };
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

describe('the colours of the training set', () => {
  it('have the mean and the covariance of all pixels', () => {
    const all = Buffer.concat(images);
    const channel = (c: number) => Array.from({ length: all.length / 3 }, (_, i) => all[i * 3 + c] as number);
    const average = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
    const means = [0, 1, 2].map((c) => average(channel(c)));
    meanColour(sumsOf(images)).forEach((value, c) => expect(value).toBeCloseTo(means[c] as number, 10));
    const measured = covariance(sumsOf(images));
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        const products = channel(i).map(
          (value, p) => (value - (means[i] as number)) * ((channel(j)[p] as number) - (means[j] as number)),
        );
        expect(measured[i]?.[j]).toBeCloseTo(average(products), 8);
      }
    }
  });

  it('do not depend on the order of the images', () => {
    expect(sumsOf(images.toReversed())).toEqual(sumsOf(images));
  });

  it('stay exact past 2⁵³', () => {
    const one = sumsOf([new Uint8Array(300).fill(255)]);
    // As many as ImageNet has, and then some; and a black one.
    const times = 10n ** 15n;
    const white: ColourSums = {
      pixels: one.pixels * times + 1n,
      first: one.first.map((sum) => sum * times),
      second: one.second.map((sum) => sum * times),
    };
    expect(meanColour(white)[0]).toBeCloseTo(255, 10);
    // n white pixels and a black one vary by 255² n / (n + 1)², here 255² / 10¹⁷.
    expect((covariance(white)[0]?.[1] as number) / (255 ** 2 / 1e17)).toBeCloseTo(1, 9);
  });
});

describe('principal axes', () => {
  it.each([
    ['of some covariance', covariance(sumsOf(images))],
    [
      'of the identity',
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    ],
    [
      'of grey images alone',
      [
        [50, 50, 50],
        [50, 50, 50],
        [50, 50, 50],
      ],
    ],
    [
      'of nothing',
      [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    ],
    [
      'with hardly a correlation',
      [
        [4, 1e-300, 0],
        [1e-300, 9, 1e-12],
        [0, 1e-12, 1],
      ],
    ],
  ])('%s diagonalise it, are orthonormal, point to their largest side, widest first', (_, matrix) => {
    const { axes, deviations } = principalAxes(matrix);
    axes.forEach((axis, i) => {
      const variance = (deviations[i] as number) ** 2;
      matrix.forEach((row, c) => expect(dot(row, axis)).toBeCloseTo(variance * (axis[c] as number), 6));
      axes.forEach((other, j) => expect(dot(axis, other)).toBeCloseTo(i === j ? 1 : 0, 12));
      expect(Math.max(...axis)).toBeGreaterThanOrEqual(-Math.min(...axis));
    });
    expect(deviations).toEqual(deviations.toSorted((a, b) => b - a));
  });

  it("of grey images alone is grey: no other colour's shift", () => {
    const { axes, deviations } = principalAxes(Array.from({ length: 3 }, () => [50, 50, 50]));
    axes[0]?.forEach((value) => expect(value).toBeCloseTo(Math.sqrt(1 / 3), 12));
    expect(deviations[0]).toBeCloseTo(Math.sqrt(150), 12);
    deviations.slice(1).forEach((value) => expect(value).toBeCloseTo(0, 5));
  });
});
