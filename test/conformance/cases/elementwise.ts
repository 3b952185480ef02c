/** Random activations, dropout masks, scales, copies, sums and fills, half of them in place where an op may be. */

import type { Activation, Dropout, Shape } from '../../../lib/plan/commands.js';
import { changed, count, defineCase, exactly, input, output, stridesFor, type Case } from '../case.js';
import type { Random } from '../random.js';

const drawShape = (random: Random): Shape =>
  random.chance(0.3)
    ? [random.integer(1, 9), 1, 1, random.pick([1, 5, 64, 333, 4096])]
    : [random.integer(1, 4), random.integer(1, 7), random.integer(1, 7), random.pick([1, 2, 3, 8, 17, 40])];

export function drawDropout(random: Random, channels: number): Dropout {
  const more = random.pick([0, 0, channels, 3]);
  return {
    rate: random.pick([0.5, 0.5, 0.1, 0, 0.9]),
    seed: [random.word(), random.word()],
    stream: random.word(),
    channels: channels + more,
    channelOffset: random.integer(0, more),
  };
}

export function activationForward(random: Random): Case {
  const shape = drawShape(random);
  const strided = random.chance(0.3);
  const activation = random.pick<Activation>(['none', 'relu', 'tanh']);
  const x = input(random.normal(count(shape), 2), shape, stridesFor(random, shape, strided));
  if (random.chance(0.5)) {
    return defineCase({ x: changed(x, 0.1) }, (at) => [
      { op: 'activation_forward', x: at.x, y: at.x, activation },
    ]);
  }
  const y = output(0.1, shape, stridesFor(random, shape, strided));
  return defineCase({ x, y }, (at) => [{ op: 'activation_forward', ...at, activation }]);
}

/** Behind dropout y is what the mask has left, so the mask is drawn first. */
export function activationBackward(random: Random): Case {
  const shape = drawShape(random);
  const strided = random.chance(0.3);
  const activation = random.pick<Activation>(['none', 'relu', 'tanh']);
  const dropout = random.chance(0.5) && drawDropout(random, shape[3]);
  const numbers = random.behind(activation, count(shape));
  const y = exactly(input(numbers, shape, stridesFor(random, shape, strided)));
  const dy = input(random.normal(count(shape)), shape, stridesFor(random, shape, strided));
  const inPlace = random.chance(0.5);
  const operands = {
    y,
    dy: inPlace ? changed(dy, 0.1) : dy,
    dx: output(0.1, shape, stridesFor(random, shape, strided)),
  };
  return defineCase(
    operands,
    (at) => [
      ...(dropout ? [{ op: 'dropout', x: at.y, y: at.y, dropout } as const] : []),
      {
        op: 'activation_backward',
        y: at.y,
        dy: at.dy,
        dx: inPlace ? at.dy : at.dx,
        activation,
        ...(dropout && { dropout }),
      },
    ],
    { step: random.word() },
  );
}

export function dropoutMask(random: Random): Case {
  const shape = drawShape(random);
  const strided = random.chance(0.3);
  const dropout = drawDropout(random, shape[3]);
  const x = input(random.normal(count(shape)), shape, stridesFor(random, shape, strided));
  const step = { step: random.word() };
  if (random.chance(0.5)) {
    return defineCase({ x: exactly(x) }, (at) => [{ op: 'dropout', x: at.x, y: at.x, dropout }], step);
  }
  const y = exactly(output(0, shape, stridesFor(random, shape, strided)));
  return defineCase({ x, y }, (at) => [{ op: 'dropout', ...at, dropout }], step);
}

export function scale(random: Random): Case {
  const shape = drawShape(random);
  const strided = random.chance(0.3);
  const factor = random.pick([0.5, 1, 0, -3, 1 / 3]);
  const x = input(random.normal(count(shape)), shape, stridesFor(random, shape, strided));
  if (random.chance(0.5)) {
    return defineCase({ x: changed(x, 0) }, (at) => [{ op: 'scale', x: at.x, y: at.x, factor }]);
  }
  const y = output(0, shape, stridesFor(random, shape, strided));
  return defineCase({ x, y }, (at) => [{ op: 'scale', ...at, factor }]);
}

export function copy(random: Random): Case {
  const shape = drawShape(random);
  const strides = stridesFor(random, shape, random.chance(0.7));
  const operands = {
    x: input(random.normal(count(shape)), shape, strides),
    y: exactly(output(0, shape, stridesFor(random, shape, random.chance(0.7)))),
  };
  return defineCase(operands, (at) => [{ op: 'copy', ...at }]);
}

export function sum(random: Random): Case {
  const shape = drawShape(random);
  const strided = random.chance(0.3);
  const part = () => input(random.normal(count(shape)), shape, stridesFor(random, shape, strided));
  const parts = { a: part(), b: part(), c: part() };
  const many = random.integer(1, 3);
  const inPlace = random.chance(0.5);
  const y = inPlace ? changed(parts.b, 1) : output(1, shape, stridesFor(random, shape, strided));
  return defineCase({ a: parts.a, c: parts.c, b: parts.b, y }, (at) => {
    const second = inPlace ? at.y : at.b;
    return [{ op: 'sum', xs: [second, at.a, at.c].slice(0, many), y: at.y }];
  });
}

export function fill(random: Random): Case {
  const shape = drawShape(random);
  const value = random.pick([0, 1, 0.1, -2.5]);
  const y = exactly(output(0, shape, stridesFor(random, shape, random.chance(0.5))));
  return defineCase({ y }, (at) => [{ op: 'fill', ...at, value }]);
}
