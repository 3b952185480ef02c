/**
 * The order of the images in an epoch: a keyed bijection of [0, count) that needs no memory. The numbers stand in a
 * rectangle just large enough; by turns the row is moved round by a random amount that the column chooses, and the column
 * by one that the row chooses (a Feistel network, Philox its round function); what falls outside `count` goes round again.
 */

import { philox4x32, type Seed } from '../../random/philox.js';
import { streams } from '../../random/streams.js';

/** Few images leave each round few values to choose by; their orders are visibly lopsided below 12 rounds. */
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
