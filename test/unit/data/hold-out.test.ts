import { describe, expect, it } from 'vitest';
import { holdOut } from '../../../lib/data/batches/hold-out.js';

const sizes = [100, 40, 7, 2, 1];
/** Some images of no concern, then those of each class. */
const start = 5;
const labels = Int32Array.from([
  ...Array<number>(start).fill(9),
  ...sizes.flatMap((size, label) => Array<number>(size).fill(label)),
]);
const range = { start, end: labels.length };
const all = Array.from({ length: labels.length - start }, (_, i) => start + i);
const perClass = (held: Uint32Array): number[] =>
  sizes.map((_, label) => held.filter((index) => labels[index] === label).length);

describe('holding out a part of the images', () => {
  it('takes the same share of every class, at least one, never the last', () => {
    expect(perClass(holdOut(labels, range, 0.1, [1, 0]).held)).toEqual([10, 4, 1, 1, 0]);
    expect(perClass(holdOut(labels, range, 1, [1, 0]).held)).toEqual([99, 39, 6, 1, 0]);
    expect(holdOut(labels, range, 0, [1, 0])).toEqual({
      kept: Uint32Array.from(all),
      held: new Uint32Array(),
    });
  });

  it('splits: every image of the range is in one part, in the order it was in', () => {
    const { kept, held } = holdOut(labels, range, 0.25, [1, 0]);
    expect([...kept]).toEqual(all.filter((index) => !held.includes(index)));
    expect([...held]).toEqual(all.filter((index) => held.includes(index)));
  });

  it('depends on the seed alone', () => {
    expect(holdOut(labels, range, 0.1, [1, 0])).toEqual(holdOut(labels, range, 0.1, [1, 0]));
    expect(holdOut(labels, range, 0.1, [1, 0])).not.toEqual(holdOut(labels, range, 0.1, [2, 0]));
  });

  it('does not pick the same places in every class', () => {
    const two = Int32Array.from({ length: 100 }, (_, i) => Math.floor(i / 50));
    const { held } = holdOut(two, { start: 0, end: 100 }, 0.2, [1, 0]);
    const places = (label: number) => [...held].filter((i) => two[i] === label).map((i) => i % 50);
    expect(places(0)).not.toEqual(places(1));
  });
});
