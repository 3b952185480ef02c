import { describe, expect, it } from 'vitest';
import { trainingViews, type Augmenting } from '../../../lib/data/augment.js';
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
  seed: readonly [number, number] = [1, 0],
): number[][] {
  const views = trainingViews(batch, 256, 224, augmenting, colour, seed, step);
  expect(views).toHaveLength(batch * 8);
  return Array.from({ length: batch }, (_, n) => [...views.subarray(n * 8, n * 8 + 8)]);
}

const many = Array.from({ length: 150 }, (_, step) => rows(paper, step)).flat();
const column = (index: number): number[] => many.map((row) => row[index] as number);
const average = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;

describe("the paper's augmentation", () => {
  it('crops at each of 33 offsets equally often, down and across', () => {
    for (const offsets of [column(0), column(1)]) {
      const counts = new Float64Array(33);
      for (const offset of offsets) counts[offset] = (counts[offset] as number) + 1;
      const expected = offsets.length / 33;
      const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      expect(chi / 32).toBeLessThan(2);
    }
    const centred = many.map(([top, left]) => ((top as number) - 16) * ((left as number) - 16));
    expect(Math.abs(average(centred))).toBeLessThan(4 * (9.52 ** 2 / Math.sqrt(many.length)));
  });

  it('reflects one image in two', () => {
    expect(new Set(column(2))).toEqual(new Set([0, 1]));
    expect(Math.abs(average(column(2)) - 0.5)).toBeLessThan(0.02);
  });

  it('shifts colours along the axes, by a tenth of their deviations', () => {
    colour.axes.forEach((axis, i) => {
      const along = many.map((row) => axis.reduce((sum, part, c) => sum + part * (row[3 + c] as number), 0));
      const deviation = 0.1 * (colour.deviations[i] as number);
      expect(Math.abs(average(along)) / deviation).toBeLessThan(0.04);
      expect(Math.sqrt(average(along.map((value) => value ** 2))) / deviation).toBeCloseTo(1, 1);
      // Normal: the fourth moment is three times the squared second.
      expect(average(along.map((value) => (value / deviation) ** 4))).toBeCloseTo(3, 0);
    });
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
