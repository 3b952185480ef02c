import { describe, expect, it } from 'vitest';
import { holdOut } from '../../../lib/data/hold-out.js';

const sizes = [100, 40, 7, 2, 1];
const images = sizes.flatMap((size, label) =>
  Array.from({ length: size }, (_, i) => ({ file: `${label}/${i}`, label })),
);
const perClass = (held: readonly { label: number }[]): number[] =>
  sizes.map((_, label) => held.filter((image) => image.label === label).length);

describe('holding out a part of the images', () => {
  it('takes the same share of every class, at least one, never the last', () => {
    expect(perClass(holdOut(images, 0.1, [1, 0]).held)).toEqual([10, 4, 1, 1, 0]);
    expect(perClass(holdOut(images, 1, [1, 0]).held)).toEqual([99, 39, 6, 1, 0]);
    expect(holdOut(images, 0, [1, 0])).toEqual({ kept: images, held: [] });
  });

  it('splits: every image is in one part, in the order it was in', () => {
    const { kept, held } = holdOut(images, 0.25, [1, 0]);
    expect(kept).toEqual(images.filter((image) => !held.includes(image)));
    expect(held).toEqual(images.filter((image) => held.includes(image)));
  });

  it('depends on the seed alone', () => {
    expect(holdOut(images, 0.1, [1, 0])).toEqual(holdOut(images, 0.1, [1, 0]));
    expect(holdOut(images, 0.1, [1, 0])).not.toEqual(holdOut(images, 0.1, [2, 0]));
  });

  it('does not pick the same places in every class', () => {
    const { held } = holdOut(
      [0, 1].flatMap((label) => Array.from({ length: 50 }, (_, i) => ({ file: `${i}`, label }))),
      0.2,
      [1, 0],
    );
    const places = (label: number) => held.filter((image) => image.label === label).map(({ file }) => file);
    expect(places(0)).not.toEqual(places(1));
  });
});
