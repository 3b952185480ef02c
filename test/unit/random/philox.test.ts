import { afterAll, describe, expect, it } from 'vitest';

import * as ops from '../../../lib/ops.js';
import {
  normals,
  philox4x32,
  randomBlock,
  seedWords,
  type Words,
  type Seed,
} from '../../../lib/random/philox.js';

afterAll(ops.closeOps);

describe("Philox4x32-10 gives its authors' published vectors", () => {
  const ones = 0xffffffff;
  it.each<[Words, Seed, Words]>([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('counter %j, key %j', (counter, key, words) => {
    expect(philox4x32(counter, key)).toEqual(words);
  });
});

describe.each(['reference', 'cpu'] as const)('the native generator on %s is the same function', (device) => {
  const seed: Seed = [0xa4093822, 0x299f31d0];

  it.each([0, 0.1, 0.5, 0.9])('dropout masks, rate %d', async (rate) => {
    const stream = 0x2007;
    const step = 0xfffffff0;
    const [units, channels, channelOffset] = [50, 60, 7];
    const x = { data: new Float32Array(3 * units).fill(1), shape: [3, units] };
    const mask = { rate, seed, stream, channels, channelOffset };
    const { data } = await ops.dropout({ x, ...mask, step }, { device });
    const expected = Array.from({ length: 3 * units }, (_, i) => {
      const index = Math.floor(i / units) * channels + channelOffset + (i % units);
      return randomBlock(seed, stream, step, Math.floor(index / 4))[index % 4]! < rate * 2 ** 32 ? 0 : 1;
    });
    expect([...data]).toEqual(expected);
  });

  it('normally distributed weights, in O×I×H×W order', async () => {
    const shape = [5, 3, 2, 3];
    const drawn = await ops.gaussian(
      { shape, seed: 2 ** 40 + 5, stream: 9, deviation: 0.01, mean: 1 },
      { device },
    );
    const expected = Float32Array.from({ length: 90 }, (_, i) => {
      const words = randomBlock(seedWords(2 ** 40 + 5), 9, 0, Math.floor(i / 4));
      const pair = i % 4 < 2 ? normals(words[0], words[1]) : normals(words[2], words[3]);
      return 1 + 0.01 * pair[i % 2]!;
    });
    drawn.data.forEach((number, i) => expect(number).toBeCloseTo(expected[i]!, 6));
  });

  it('a part of a weight tensor is drawn as in the whole', async () => {
    const options = { seed: 3, stream: 4 };
    const whole = await ops.gaussian({ shape: [6, 8], ...options }, { device });
    const place = { whole: [6, 8], kernelOffset: 2, channelOffset: 5 };
    const part = await ops.gaussian({ shape: [3, 3], ...place, ...options }, { device });
    const cut = [2, 3, 4].flatMap((row) => [...whole.data.subarray(row * 8 + 5, row * 8 + 8)]);
    expect([...part.data]).toEqual(cut);
  });
});
