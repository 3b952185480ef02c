/**
 * The order of the images in an epoch: a keyed bijection of [0, count) that needs no memory. A number is a row and a column
 * of a rectangle just large enough. In turns the row is shifted cyclically by a random amount that depends on the column, and
 * the column by one that depends on the row (a Feistel network with Philox as its round function). A result outside
 * [0, count) is permuted again.
 */

import { philox4x32, type Seed } from '../../random/philox.js';
import { streams } from '../../random/streams.js';

/** With few images a round depends on few values; below 12 rounds their orders are visibly biased. */
const rounds = (count: number): number => (count <= 256 ? 16 : 8);

/** Which image stands at `position` of epoch `epoch`; position and image in [0, count), count at most 2⁴⁸. */
export function imageAt(position: number, count: number, epoch: number, seed: Seed): number {
  const rows = Math.ceil(Math.sqrt(count));
  const columns = Math.ceil(count / rows);
  const total = rounds(count);
  let value = position;
  do {
    let row = Math.floor(value / columns);
    let column = value % columns;
    for (let round = 0; round < total; round += 2) {
      row = (row + philox4x32([column, round, epoch, streams.order], seed)[0]) % rows;
      column = (column + philox4x32([row, round + 1, epoch, streams.order], seed)[0]) % columns;
    }
    value = row * columns + column;
  } while (value >= count);
  return value;
}
