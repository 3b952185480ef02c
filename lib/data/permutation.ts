/**
 * The order of the images in an epoch: a keyed bijection of [0, count) that needs no memory. A Feistel network over the
 * smallest even number of bits that holds `count`, Philox as its round function, walked until it lands inside.
 */

import type { Seed } from '../plan/commands.js';
import { philox4x32 } from '../random/philox.js';
import { streams } from '../random/streams.js';

const rounds = 4;

/** Which image stands at `position` of epoch `epoch`. */
export function imageAt(position: number, count: number, epoch: number, seed: Seed): number {
  if (count < 2) return 0;
  const half = Math.max(1, Math.ceil(Math.log2(count) / 2));
  const mask = 2 ** half - 1;
  let value = position;
  do {
    let left = Math.floor(value / 2 ** half);
    let right = value & mask;
    for (let round = 0; round < rounds; round++) {
      const [word] = philox4x32([right, round, epoch, streams.order], seed);
      [left, right] = [right, (left ^ word) & mask];
    }
    value = left * 2 ** half + right;
  } while (value >= count);
  return value;
}
