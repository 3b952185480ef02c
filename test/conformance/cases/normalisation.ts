/** Random local response normalisations, across maps and within them, and batch normalisations. */

import type { Activation, Shape } from '../../../lib/plan/commands.js';
import type { LrnParameters, MapNormParameters } from '../../../lib/graph/graph.js';
import { changed, count, defineCase, input, output, stridesFor, type Case } from '../case.js';
import type { Random } from '../random.js';

export function drawLrn(random: Random): { readonly lrn: LrnParameters; readonly channels: number } {
  const groups = random.pick([1, 1, 2, 3]);
  const channels = groups * random.pick([1, 2, 3, 5, 8, 16, 17, 48]);
  const usual = random.chance(0.4);
  const lrn = usual
    ? { size: 5, k: 2, alpha: 1e-4, beta: 0.75, groups }
    : {
        size: random.pick([1, 3, 5, 7, 9]),
        k: random.pick([1, 2, 0.5]),
        alpha: random.pick([1e-4, 2e-5, 0.05, 0.5]),
        beta: random.pick([0.75, 0.75, 0.5, 1, 0.6]),
        groups,
      };
  return { lrn, channels };
}

const drawShape = (random: Random, channels: number): Shape => [
  random.pick([1, 1, 2, 3]),
  random.integer(1, 9),
  random.integer(1, 9),
  channels,
];

const drawMapNorm = (random: Random): MapNormParameters =>
  random.chance(0.4)
    ? { size: 5, k: 1, alpha: 0.001 / 25, beta: 0.75 }
    : {
        size: random.pick([1, 3, 5, 7]),
        k: random.pick([1, 2]),
        alpha: random.pick([4e-5, 0.01, 0.2]),
        beta: random.pick([0.75, 0.5, 1]),
      };

export function lrnForward(random: Random): Case {
  const { lrn, channels } = drawLrn(random);
  const shape = drawShape(random, channels);
  const strided = random.chance(0.3);
  const operands = {
    x: input(random.normal(count(shape), 5), shape, stridesFor(random, shape, strided)),
    y: output(0, shape, stridesFor(random, shape, strided)),
  };
  return defineCase(operands, ({ x, y }) => [{ op: 'lrn_forward', x, y, ...lrn }]);
}

export function lrnBackward(random: Random): Case {
  const { lrn, channels } = drawLrn(random);
  const shape = drawShape(random, channels);
  const strided = random.chance(0.3);
  const activation = random.pick<Activation>(['none', 'relu', 'tanh']);
  const operands = {
    x: input(random.behind(activation, count(shape), 5), shape, stridesFor(random, shape, strided)),
    dy: input(random.normal(count(shape)), shape, stridesFor(random, shape, strided)),
    dx: output(0.1, shape, stridesFor(random, shape, strided)),
  };
  return defineCase(operands, ({ x, dy, dx }) => [{ op: 'lrn_backward', x, dy, dx, activation, ...lrn }]);
}

export function mapNormForward(random: Random): Case {
  const norm = drawMapNorm(random);
  const shape = drawShape(random, random.pick([1, 2, 3, 16, 17]));
  const strided = random.chance(0.3);
  const operands = {
    x: input(random.normal(count(shape), 5), shape, stridesFor(random, shape, strided)),
    y: output(0, shape, stridesFor(random, shape, strided)),
  };
  return defineCase(operands, ({ x, y }) => [{ op: 'map_norm_forward', x, y, ...norm }]);
}

export function mapNormBackward(random: Random): Case {
  const norm = drawMapNorm(random);
  const shape = drawShape(random, random.pick([1, 2, 3, 16, 17]));
  const strided = random.chance(0.3);
  const operands = {
    x: input(random.normal(count(shape), 5), shape, stridesFor(random, shape, strided)),
    dy: input(random.normal(count(shape)), shape, stridesFor(random, shape, strided)),
    dx: output(0.1, shape, stridesFor(random, shape, strided)),
  };
  return defineCase(operands, ({ x, dy, dx }) => [{ op: 'map_norm_backward', x, dy, dx, ...norm }]);
}

/** One position among them, whose variance is 0, and channels far from zero. */
function drawBatch(random: Random): { readonly x: Float32Array; readonly shape: Shape; readonly row: Shape } {
  const channels = random.pick([1, 2, 3, 8, 16, 17, 40]);
  const shape: Shape = random.chance(0.1) ? [1, 1, 1, channels] : drawShape(random, channels);
  const offset = random.pick([0, 0, 3, 100]);
  const x = random.normal(count(shape), 3).map((one) => one + offset);
  return { x, shape, row: [1, 1, 1, channels] };
}

export function batchNormForward(random: Random): Case {
  const { x, shape, row } = drawBatch(random);
  const [, , , channels] = shape;
  const normal = () => input(random.normal(channels), row);
  const positive = () =>
    input(
      random.normal(channels).map((one) => Math.abs(one) + 0.1),
      row,
    );
  const operands = {
    x: input(x, shape),
    gamma: normal(),
    beta: normal(),
    y: output(0.1, shape),
    mean: output(1, row),
    inverse: output(0.1, row),
    runningMean: changed(normal(), 1),
    runningVariance: changed(positive(), 1),
  };
  const epsilon = random.pick([1e-5, 1e-3]);
  const momentum = random.pick([0.1, 0.01, 1]);
  const activation = random.pick<Activation>(['none', 'relu', 'tanh']);
  return defineCase(operands, (at) => [{ op: 'batch_norm_forward', ...at, epsilon, momentum, activation }]);
}

export function batchNormInference(random: Random): Case {
  const { x, shape, row } = drawBatch(random);
  const [, , , channels] = shape;
  const normal = () => input(random.normal(channels), row);
  const operands = {
    x: input(x, shape),
    gamma: normal(),
    beta: normal(),
    runningMean: normal(),
    runningVariance: input(
      random.normal(channels).map((one) => Math.abs(one) + 0.1),
      row,
    ),
    y: output(0.1, shape),
  };
  const epsilon = random.pick([1e-5, 1e-3]);
  const activation = random.pick<Activation>(['none', 'relu', 'tanh']);
  return defineCase(operands, (at) => [{ op: 'batch_norm_inference', ...at, epsilon, activation }]);
}

export function batchNormBackward(random: Random): Case {
  const { x, shape, row } = drawBatch(random);
  const [, , , channels] = shape;
  const sums = new Float64Array(channels);
  x.forEach((one, i) => (sums[i % channels]! += one));
  const pixels = x.length / channels;
  const operands = {
    x: input(x, shape),
    gamma: input(random.normal(channels), row),
    mean: input(
      Float32Array.from(sums, (sum) => sum / pixels),
      row,
    ),
    inverse: input(
      random.normal(channels).map((one) => Math.abs(one) + 0.1),
      row,
    ),
    dy: input(random.normal(count(shape)), shape),
    dx: output(0.1, shape),
    dgamma: output(Math.sqrt(pixels), row),
    dbeta: output(Math.sqrt(pixels), row),
  };
  return defineCase(operands, (at) => [{ op: 'batch_norm_backward', ...at }]);
}
