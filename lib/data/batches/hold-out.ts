/** A part of the images set aside for validation, the same part of every class, chosen by the seed alone. */

import type { Seed } from '../../random/philox.js';
import { imageAt } from './permutation.js';
import type { Range } from '../store/types.js';

/** Epochs count up from 0; the split of each class uses an order of its own, far behind them. */
const firstOrder = 0xffff0000;

/**
 * `fraction`, in [0, 1], of each class among the images of `range`: at least one image and never the last one. Both parts are
 * indices in ascending order.
 */
export function holdOut(
  labels: Int32Array,
  range: Range,
  fraction: number,
  seed: Seed,
): { kept: Uint32Array; held: Uint32Array } {
  const classes = new Map<number, number[]>();
  for (let index = range.start; index < range.end; index++) {
    const label = labels[index] as number;
    const members = classes.get(label);
    if (members) members.push(index);
    else classes.set(label, [index]);
  }
  const chosen = new Uint8Array(range.end);
  for (const [label, members] of classes) {
    const share = fraction === 0 ? 0 : Math.max(1, Math.round(fraction * members.length));
    const apart = Math.min(share, members.length - 1);
    for (let position = 0; position < apart; position++)
      chosen[members[imageAt(position, members.length, firstOrder + label, seed)] as number] = 1;
  }
  const all = Uint32Array.from({ length: range.end - range.start }, (_, i) => range.start + i);
  return {
    kept: all.filter((index) => chosen[index] === 0),
    held: all.filter((index) => chosen[index] === 1),
  };
}
