/** Random max-pools, half of them over small whole numbers full of ties, alone and fused with LRN. */

import type { Activation, PoolParameters, Shape } from '../../../lib/plan/commands.js';
import type { LrnParameters } from '../../../lib/graph/graph.js';
import { count, defineCase, exactly, input, output, stridesFor, type Case } from '../case.js';
import type { Random } from '../random.js';
import { drawLrn } from './normalisation.js';

interface Pool {
  readonly pool: PoolParameters;
  readonly x: Shape;
  readonly y: Shape;
}

function drawPool(random: Random, channels: number): Pool {
  const [poolSize, poolStride] = random.pick([
    [3, 2],
    [3, 2],
    [2, 2],
    [3, 1],
    [3, 3],
    [1, 1],
    [1, 2],
    [2, 3],
    [5, 2],
  ] as const);
  const up = random.chance(0.4);
  const height = random.integer(poolSize, 13);
  const width = random.integer(poolSize, 13);
  // Windows may reach over the edge, not start behind it.
  const places = (extent: number): number => {
    const inside = Math.floor((extent - poolSize) / poolStride) + 1;
    return up && inside * poolStride < extent && (extent - poolSize) % poolStride !== 0 ? inside + 1 : inside;
  };
  const images = random.pick([1, 1, 2, 3]);
  return {
    pool: { poolSize, poolStride },
    x: [images, height, width, channels],
    y: [images, places(height), places(width), channels],
  };
}

/** So that the reference, which pools and normalises again for every place, needs some ten milliseconds. */
const mostNumbers = 4000;

function drawSmall(random: Random, channels: number): Pool {
  for (;;) {
    const drawn = drawPool(random, channels);
    if (count(drawn.x) <= mostNumbers || count(drawn.x.slice(1)) <= 100 * channels) return drawn;
  }
}

/** Whole numbers tie often. */
const numbers = (random: Random, shape: Shape): Float32Array =>
  random.chance(0.5) ? random.whole(count(shape)) : random.normal(count(shape), 3);

export function maxPoolForward(random: Random): Case {
  const { pool, x, y } = drawPool(random, random.pick([1, 2, 3, 8, 16, 17, 40]));
  const strided = random.chance(0.3);
  const operands = {
    x: input(numbers(random, x), x, stridesFor(random, x, strided)),
    y: exactly(output(0, y, stridesFor(random, y, strided))),
  };
  return defineCase(operands, (at) => [{ op: 'max_pool_forward', ...at, ...pool }]);
}

export function maxPoolBackward(random: Random): Case {
  const { pool, x, y } = drawPool(random, random.pick([1, 2, 3, 8, 16, 17, 40]));
  const strided = random.chance(0.3);
  const activation = random.pick<Activation>(['none', 'relu', 'tanh']);
  const operands = {
    x: input(numbers(random, x), x, stridesFor(random, x, strided)),
    dy: input(random.normal(count(y)), y, stridesFor(random, y, strided)),
    dx: output(0.1, x, stridesFor(random, x, strided)),
  };
  return defineCase(operands, (at) => [{ op: 'max_pool_backward', ...at, activation, ...pool }]);
}

/**
 * Behind LRN whole numbers tie where they and their sums of squares are equal, and these sums are exact in any order.
 * With some exponents (1, 1/2) other pairs would be equal too, but only before rounding; with 3/4 there are none.
 */
const tieable = (lrn: LrnParameters): LrnParameters => ({ ...lrn, beta: 0.75 });

export function lrnPoolForward(random: Random): Case {
  const { lrn: drawn, channels } = drawLrn(random);
  const lrn = tieable(drawn);
  const { pool, x, y } = drawPool(random, channels);
  const strided = random.chance(0.3);
  const operands = {
    x: input(numbers(random, x), x, stridesFor(random, x, strided)),
    y: output(0, y, stridesFor(random, y, strided)),
  };
  return defineCase(operands, (at) => [{ op: 'lrn_pool_forward', ...at, ...lrn, ...pool }]);
}

export function lrnPoolBackward(random: Random): Case {
  const { lrn: drawn, channels } = drawLrn(random);
  const lrn = tieable(drawn);
  const { pool, x, y } = drawSmall(random, channels);
  const strided = random.chance(0.3);
  const activation = random.pick<Activation>(['none', 'relu', 'tanh']);
  const operands = {
    x: input(numbers(random, x), x, stridesFor(random, x, strided)),
    dy: input(random.normal(count(y)), y, stridesFor(random, y, strided)),
    dx: output(0.1, x, stridesFor(random, x, strided)),
  };
  return defineCase(operands, (at) => [{ op: 'lrn_pool_backward', ...at, activation, ...lrn, ...pool }]);
}
