/** Random losses (with ties, unlabelled samples, NaN and extreme logits), updates, initial weights, preprocessing. */

import type { Shape } from '../../../lib/plan/commands.js';
import { changed, count, defineCase, denseStrides, input, output, stridesFor } from '../case.js';
import type { Case, Operand } from '../case.js';
import type { Random } from '../random.js';

function drawLogits(random: Random, samples: number, classes: number): Float32Array {
  const length = samples * classes;
  const logits = random.pick([
    () => random.normal(length, 3),
    () => random.whole(length),
    () => random.normal(length, 1e4),
    () => random.normal(length, 1e30),
  ])();
  const odd = random.pick([undefined, undefined, NaN, -Infinity]);
  if (odd !== undefined) logits[random.integer(0, length - 1)] = odd;
  return logits;
}

function integers(data: Int32Array, shape: Shape): Operand {
  return { shape, strides: denseStrides(shape), dtype: 'int32', data };
}

export function softmaxCrossEntropy(random: Random): Case {
  const samples = random.integer(1, 9);
  const classes = random.pick([1, 2, 3, 10, 17, 100, 1000]);
  const shape: Shape = [samples, 1, 1, classes];
  const each: Shape = [samples, 1, 1, 1];
  const strided = random.chance(0.2);
  const rare = random.chance(0.3) ? 0.5 : 0;
  const labels = Int32Array.from({ length: samples }, () =>
    random.chance(rare) ? -1 : random.integer(0, classes - 1),
  );
  const unit = 1 / Math.sqrt(classes);
  const operands = {
    logits: input(drawLogits(random, samples, classes), shape, stridesFor(random, shape, strided)),
    labels: integers(labels, each),
    probabilities: output(unit, shape, stridesFor(random, shape, strided)),
    losses: output(1, each),
    ranks: { ...integers(new Int32Array(samples).fill(-7), each), result: { as: 'exact' } as const },
    dlogits: output(unit / samples, shape, stridesFor(random, shape, strided)),
  };
  const wanted = random.pick(['all', 'all', 'training', 'evaluation', 'softmax'] as const);
  return defineCase(operands, ({ logits, labels: classNumbers, probabilities, losses, ranks, dlogits }) => {
    const results = {
      all: { labels: classNumbers, probabilities, losses, ranks, dlogits },
      training: { labels: classNumbers, losses, ranks, dlogits },
      evaluation: { labels: classNumbers, probabilities, losses, ranks },
      softmax: { probabilities },
    };
    return [{ op: 'softmax_cross_entropy', logits, ...results[wanted] }];
  });
}

export function sgd(random: Random): Case {
  const shapes: Shape[] = [
    [random.integer(1, 5), random.integer(1, 5), random.integer(1, 5), random.integer(1, 20)],
    [1, 1, 1, random.integer(1, 300)],
  ];
  const segment = (i: number) => {
    const shape = shapes[i]!;
    return {
      w: changed(input(random.normal(count(shape)), shape), 0),
      v: changed(input(random.normal(count(shape), 0.1), shape), 0.01),
      g: input(random.normal(count(shape)), shape),
    };
  };
  const [a, b] = [segment(0), segment(1)];
  const operands = { wa: a.w, va: a.v, ga: a.g, wb: b.w, vb: b.v, gb: b.g };
  const decays = [random.pick([0, 0.0005, 0.1]), random.pick([0, 0.0005])] as const;
  const momentum = random.pick([0.9, 0, 0.5]);
  const rates = [random.pick([0.01, 1]), random.pick([0.02, 0.0001])];
  return defineCase(
    operands,
    ({ wa, va, ga, wb, vb, gb }) => [
      {
        op: 'sgd',
        segments: [
          { w: wa, v: va, g: ga, rate: 1, decay: decays[0] },
          { w: wb, v: vb, g: gb, rate: 0, decay: decays[1] },
        ],
        momentum,
      },
    ],
    { rates },
  );
}

export function gaussian(random: Random): Case {
  const shape: Shape = [
    random.integer(1, 7),
    random.integer(1, 5),
    random.integer(1, 5),
    random.pick([1, 2, 3, 8, 17]),
  ];
  const kernelOffset = random.pick([0, 0, 3]);
  const channelOffset = random.pick([0, 0, 5]);
  const parameters = {
    mean: random.pick([0, 0, 1]),
    deviation: random.pick([0.01, 0.03, 1]),
    seed: [random.word(), random.word()] as const,
    stream: random.word(),
    whole: [
      shape[0] + kernelOffset + random.integer(0, 3),
      shape[1],
      shape[2],
      shape[3] + channelOffset + random.integer(0, 3),
    ] as const,
    kernelOffset,
    channelOffset,
  };
  const y = output(0, shape, stridesFor(random, shape, random.chance(0.3)));
  return defineCase({ y }, (at) => [{ op: 'gaussian', ...at, ...parameters }], { step: random.word() });
}

export function preprocess(random: Random): Case {
  const images: Shape = [random.integer(1, 4), random.integer(1, 20), random.integer(1, 20), 3];
  const [samples, rows, columns] = images;
  const y: Shape = [samples, random.integer(1, rows), random.integer(1, columns), 3];
  const mean: Shape = random.chance(0.7) ? [1, rows, columns, 3] : [1, 1, 1, 3];
  const views: Shape = [samples, 1, 1, 8];
  const fields = Array.from({ length: samples }, () => [
    random.integer(0, rows - y[1]),
    random.integer(0, columns - y[2]),
    random.integer(0, 1),
    ...random.normal(3, 10),
    random.pick([1, 1, 1 / 1.1]),
    0,
  ]).flat();
  const bytes = Uint8Array.from({ length: count(images) }, () => random.integer(0, 255));
  const operands = {
    images: { shape: images, strides: denseStrides(images), dtype: 'uint8', data: bytes } as const,
    views: input(Float32Array.from(fields), views),
    mean: input(random.normal(count(mean), 50), mean),
    y: output(1, y, stridesFor(random, y, random.chance(0.3))),
  };
  const parameters = {
    meanAt: random.pick(['crop', 'centre'] as const),
    order: random.pick(['rgb', 'bgr'] as const),
    deviation: random.pick([
      [1, 1, 1],
      [58.4, 57.1, 57.4],
    ] as const),
  };
  return defineCase(operands, (at) => [{ op: 'preprocess', ...at, ...parameters }]);
}
