import { describe, expect, it } from 'vitest';
import { imageAt } from '../../../lib/data/batches/permutation.js';

const order = (count: number, epoch = 0, seed: readonly [number, number] = [1, 0]): number[] =>
  Array.from({ length: count }, (_, position) => imageAt(position, count, epoch, seed));

describe("an epoch's order", () => {
  it('has every image once, whatever their number', () => {
    const counts = [...Array.from({ length: 70 }, (_, i) => i + 1), 100, 255, 256, 257, 1000, 4096, 10_007];
    for (const count of counts) {
      expect(order(count, 3).toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    }
  });

  it('has every image once among 1.28 million', () => {
    const count = 1_281_167;
    const seen = new Uint8Array(count);
    for (let position = 0; position < 20_000; position++) {
      const index = imageAt(position * 64, count, 0, [1, 0]);
      expect(index < count && seen[index] === 0).toBe(true);
      seen[index] = 1;
    }
  });

  it('is another one in another epoch or under another seed, and the same one again', () => {
    expect(order(100)).toEqual(order(100));
    expect(order(100)).not.toEqual(order(100, 1));
    expect(order(100)).not.toEqual(order(100, 0, [2, 0]));
    expect(order(100)).not.toEqual(order(100, 0, [1, 1]));
  });

  // Over many epochs each image stands at each position equally often, and each distance between neighbours is as frequent
  // as any other: chi-squared by its degrees of freedom is then near 1.
  it.each([3, 5, 10, 16, 40])('favours no place and no neighbour among %i images', (count) => {
    const epochs = 4000;
    const places = new Float64Array(count * count);
    const distances = new Float64Array(count);
    for (let epoch = 0; epoch < epochs; epoch++) {
      order(count, epoch).forEach((index, position, all) => {
        const cell = position * count + index;
        places[cell] = (places[cell] as number) + 1;
        const next = all[position + 1];
        if (next === undefined) return;
        const distance = (next - index + count) % count;
        distances[distance] = (distances[distance] as number) + 1;
      });
    }
    const chi = (cells: Float64Array, expected: number): number =>
      cells.reduce((sum, cell) => sum + (cell - expected) ** 2 / expected, 0);
    expect(chi(places, epochs / count) / (count - 1) ** 2).toBeLessThan(3);
    expect(chi(distances.subarray(1), epochs) / (count - 1)).toBeLessThan(4);
  });
});
