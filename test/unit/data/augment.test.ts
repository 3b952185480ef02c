import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { trainingViews, type Augmenting } from '../../../lib/data/batches/augment.js';
import type { ColourAxes } from '../../../lib/data/colour.js';

const paper: Augmenting = { crop: true, flip: true, colour: 0.1, sharedBy: 1, scale: 'none' };
/** ImageNet's deviations, along axes that are easy to tell apart. */
const colour: ColourAxes = {
  axes: [
    [0.6, 0.8, 0],
    [-0.8, 0.6, 0],
    [0, 0, 1],
  ],
  deviations: [121.78, 37.09, 19.72],
};

function rows(
  augmenting: Augmenting,
  step = 0,
  batch = 128,
  from: readonly [number, number] = [1, 0],
): number[][] {
  const views = trainingViews(batch, 256, 224, augmenting, colour, from, step);
  expect(views).toHaveLength(batch * 8);
  return Array.from({ length: batch }, (_, n) => [...views.subarray(n * 8, n * 8 + 8)]);
}

/** Fresh each time: what is promised holds for every seed. */
const seed = [randomInt(2 ** 32), randomInt(2 ** 32)] as const;
/** Standard errors that chance exceeds once in some ten million times. */
const far = 5.5;
const many = Array.from({ length: 400 }, (_, step) => rows(paper, step, 128, seed)).flat();
const column = (index: number): number[] => many.map((row) => row[index] as number);
const average = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;
/** Distance of an average from what is expected of it, in standard errors. */
const away = (values: readonly number[], mean: number, deviation: number): number =>
  (Math.abs(average(values) - mean) / deviation) * Math.sqrt(values.length);
/** The coefficients α, each of deviation 1, of the three axes. */
const coefficients = colour.axes.map((axis, i) =>
  many.map(
    (row) =>
      axis.reduce((sum, part, c) => sum + part * (row[3 + c] as number), 0) /
      (0.1 * (colour.deviations[i] as number)),
  ),
);

/** Φ by the series of the error function. */
function normalBelow(x: number): number {
  if (Math.abs(x) > 6) return x < 0 ? 0 : 1;
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-12; n++) {
    term *= (-x * x) / (2 * n);
    sum += term / (2 * n + 1);
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}

describe(`the paper's augmentation (seed ${seed.join()})`, () => {
  it('crops at each of 33 × 33 places equally often', () => {
    const counts = new Float64Array(33 ** 2);
    for (const [top, left] of many) {
      const place = (top as number) * 33 + (left as number);
      counts[place] = (counts[place] as number) + 1;
    }
    // A place that is none, between two or beyond the last, is counted nowhere.
    expect(counts.reduce((a, b) => a + b)).toBe(many.length);
    const expected = many.length / counts.length;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = counts.length - 1;
    // Some 47 images a place: χ² is near to normal.
    expect(Math.abs(chi - freedom) / Math.sqrt(2 * freedom)).toBeLessThan(far);
  });

  it('reflects one image in two, wherever it crops', () => {
    expect(new Set(column(2))).toEqual(new Set([0, 1]));
    expect(away(column(2), 0.5, 0.5)).toBeLessThan(far);
    const offset = Math.sqrt((33 ** 2 - 1) / 12);
    for (const field of [0, 1]) {
      const products = many.map((row) => ((row[field] as number) - 16) * ((row[2] as number) - 0.5));
      expect(away(products, 0, offset / 2)).toBeLessThan(far);
    }
  });

  it('shifts colours along the axes by N(0, 0.1²) times their deviations', () => {
    for (const alphas of coefficients) {
      expect(away(alphas, 0, 1)).toBeLessThan(far);
      expect(
        away(
          alphas.map((alpha) => alpha ** 2),
          1,
          Math.SQRT2,
        ),
      ).toBeLessThan(far);
      // Kolmogorov's distance from the normal distribution, exceeded once in a million times.
      const sorted = alphas.toSorted((a, b) => a - b);
      const distance = Math.max(
        ...sorted.map((alpha, i) => Math.abs(normalBelow(alpha) - (i + 0.5) / sorted.length)),
      );
      expect(distance * Math.sqrt(sorted.length)).toBeLessThan(2.7);
    }
  });

  it('draws the three coefficients apart from each other, from image to image, and from the crop', () => {
    const [first, second, third] = coefficients as [number[], number[], number[]];
    const pairs = [
      [first, second],
      [first, third],
      [second, third],
      ...coefficients.map((alphas) => [alphas.slice(1), alphas.slice(0, -1)] as const),
      [first, column(0).map((top) => (top - 16) / Math.sqrt((33 ** 2 - 1) / 12))],
    ] as const;
    for (const [one, other] of pairs) {
      const products = one.map((value, i) => value * (other[i] as number));
      expect(away(products.slice(0, other.length), 0, 1)).toBeLessThan(far);
    }
  });

  it('does not scale', () => {
    expect([...new Set(column(6))]).toEqual([1]);
    expect([...new Set(column(7))]).toEqual([0]);
  });

  it('depends on seed, step and place alone: not on the size of the batch', () => {
    expect(rows(paper, 3, 64)).toEqual(rows(paper, 3, 128).slice(0, 64));
    expect(rows(paper, 3)).not.toEqual(rows(paper, 4));
    expect(rows(paper, 3)).not.toEqual(rows(paper, 3, 128, [2, 0]));
  });
});

describe('augmentation switched off', () => {
  it('in part leaves the rest as it was', () => {
    const whole = rows(paper);
    const parts = (index: readonly number[]) => whole.map((row) => index.map((i) => row[i]));
    const without = (change: Partial<Augmenting>, index: readonly number[]) =>
      rows({ ...paper, ...change }).map((row) => index.map((i) => row[i]));
    expect(without({ crop: false }, [2, 3, 4, 5])).toEqual(parts([2, 3, 4, 5]));
    expect(without({ flip: false }, [0, 1, 3, 4, 5])).toEqual(parts([0, 1, 3, 4, 5]));
    expect(without({ colour: 0 }, [0, 1, 2])).toEqual(parts([0, 1, 2]));
  });

  it('altogether is the centre as it is', () => {
    const off = rows({ ...paper, crop: false, flip: false, colour: 0 });
    expect(off).toEqual(off.map(() => [16, 16, 0, 0, 0, 0, 1, 0]));
  });
});

describe("the authors' augmentation", () => {
  const authors: Augmenting = { ...paper, sharedBy: 32, scale: 'authors' };

  it('draws one crop and reflection for 32 images, colours for each', () => {
    const all = rows(authors);
    const places = (from: number) => new Set(all.slice(from, from + 32).map((row) => row.slice(0, 3).join()));
    for (let group = 0; group < 128; group += 32) expect(places(group).size).toBe(1);
    expect(new Set(all.map((row) => row.slice(0, 2).join())).size).toBeGreaterThan(1);
    expect(new Set(all.map((row) => row[3])).size).toBe(128);
  });

  it('divides by 1.1 while colours are shifted', () => {
    expect(new Set(rows(authors).map((row) => row[6]))).toEqual(new Set([Math.fround(1 / 1.1)]));
    expect(new Set(rows({ ...authors, colour: 0 }).map((row) => row[6]))).toEqual(new Set([1]));
  });
});
