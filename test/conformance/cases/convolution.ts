/** Random convolutions: odd shapes, strides, asymmetric padding, groups, fully connected ones, every epilogue. */

import type {
  Activation,
  ConvolutionGeometry,
  Dropout,
  Op,
  Shape,
  Tensor,
} from '../../../lib/plan/commands.js';
import type { Padding } from '../../../lib/graph/graph.js';
import { changed, count, defineCase, input, output, stridesFor, type Case } from '../case.js';
import type { Random } from '../random.js';

export interface Sizes {
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  readonly geometry: ConvolutionGeometry;
}

/** So that the reference needs a millisecond or two. */
const mostMultiplications = 300_000;

function draw(random: Random): Sizes {
  const connected = random.chance(0.2);
  const groups = connected ? 1 : random.pick([1, 1, 1, 2, 3, 4]);
  const channels = random.pick([1, 2, 3, 4, 5, 7, 8, 16, 17, 24, 33, 48]);
  const kernels = random.pick([1, 2, 3, 5, 8, 15, 16, 17, 31, 32, 40]);
  const images = random.pick([1, 1, 2, 3, 4, 7]);
  // A single pixel under a larger window with padding is not a fully connected layer.
  const pixel = random.chance(0.08);
  const height = pixel ? 1 : random.integer(1, 14);
  const width = pixel ? 1 : random.integer(1, 14);
  const pad = (): number => random.pick([0, 0, 1, 2, 3]);
  const padding: Padding = connected ? [0, 0, 0, 0] : [pad(), pad(), pad(), pad()];
  const [top, left, bottom, right] = padding;
  const rows = connected ? height : random.integer(1, Math.min(11, height + top + bottom));
  const columns = connected ? width : random.integer(1, Math.min(11, width + left + right));
  const stride = random.pick([1, 1, 1, 2, 3, 4]);
  const p = Math.floor((height + top + bottom - rows) / stride) + 1;
  const q = Math.floor((width + left + right - columns) / stride) + 1;
  return {
    x: [images, height, width, channels * groups],
    w: [kernels * groups, rows, columns, channels],
    y: [images, p, q, kernels * groups],
    geometry: { stride, padding, groups, products: 'float32' },
  };
}

/** Many small windows over many channels, as in the deeper layers: backends have ways of their own for these. */
function drawDeep(random: Random): Sizes {
  const side = random.pick([3, 3, 5]);
  const groups = random.pick([1, 1, 2]);
  const channels = random.pick([16, 24, 32, 48]);
  const kernels = random.pick([16, 20, 24, 32, 40]);
  const images = random.integer(8, 12);
  const pad = (): number => random.integer(0, side - 1);
  const padding: Padding = [pad(), pad(), pad(), pad()];
  const [height, width] = [random.integer(7, 9), random.integer(7, 9)];
  const [top, left, bottom, right] = padding;
  return {
    x: [images, height, width, channels * groups],
    w: [kernels * groups, side, side, channels],
    y: [images, height + top + bottom - side + 1, width + left + right - side + 1, kernels * groups],
    geometry: { stride: 1, padding, groups, products: 'float32' },
  };
}

/** Large windows that move several pixels at a time over few channels, as in the first layer. */
function drawFirst(random: Random): Sizes {
  const stride = random.pick([2, 4]);
  const side = 3 * stride - random.integer(0, stride - 1);
  const channels = stride === 2 ? 4 : random.pick([1, 2, 3]);
  const kernels = random.pick([16, 24, 32]);
  const pad = (): number => random.integer(0, side - 1);
  const padding: Padding = [pad(), pad(), pad(), pad()];
  const [top, left, bottom, right] = padding;
  const [height, width] = [random.integer(9 * stride, 11 * stride), random.integer(9 * stride, 11 * stride)];
  const p = Math.floor((height + top + bottom - side) / stride) + 1;
  const q = Math.floor((width + left + right - side) / stride) + 1;
  const images = Math.ceil(120 / (Math.ceil(p / 3) * Math.ceil(q / 3)));
  return {
    x: [images, height, width, channels],
    w: [kernels, side, side, channels],
    y: [images, p, q, kernels],
    geometry: { stride, padding, groups: 1, products: 'float32' },
  };
}

/** As many maps as the paper's layers have, a few pixels: whole tiles of the products that cards are best at, and more. */
function drawWide(random: Random): Sizes {
  const side = random.pick([1, 2, 3]);
  const groups = random.pick([1, 2]);
  const channels = random.pick([40, 48, 64, 80, 96, 128, 192]);
  const kernels = random.pick([48, 64, 72, 96, 128, 136, 200, 264]);
  const images = random.integer(1, 3);
  const stride = random.pick([1, 1, 1, 1, 2]);
  const pad = (): number => random.integer(0, side - 1);
  const padding: Padding = [pad(), pad(), pad(), pad()];
  const [height, width] = [random.integer(3, 6), random.integer(3, 6)];
  const [top, left, bottom, right] = padding;
  const p = Math.floor((height + top + bottom - side) / stride) + 1;
  const q = Math.floor((width + left + right - side) / stride) + 1;
  return {
    x: [images, height, width, channels * groups],
    w: [kernels * groups, side, side, channels],
    y: [images, p, q, kernels * groups],
    geometry: { stride, padding, groups, products: 'float32' },
  };
}

/** Fully connected layers with enough images that their weights are read once for many of them. */
export function drawConnected(random: Random): Sizes {
  const images = random.integer(8, 40);
  const [height, width] = [random.integer(1, 3), random.integer(1, 3)];
  const channels = random.pick([1, 5, 31, 64, 130]);
  const most = Math.max(1, Math.floor(mostMultiplications / (images * height * width * channels)));
  const kernels = Math.min(most, random.pick([1, 10, 33, 70, 150]));
  return {
    x: [images, height, width, channels],
    w: [kernels, height, width, channels],
    y: [images, 1, 1, kernels],
    geometry: { stride: 1, padding: [0, 0, 0, 0], groups: 1, products: 'float32' },
  };
}

/** Small images of which only so many are computed at once, because windows make much of them: far apart, or mostly padding. */
export function spaciousSizes(pass: 'forward' | 'backward'): Sizes {
  if (pass === 'backward') {
    return {
      x: [40, 128, 128, 1],
      w: [16, 1, 1, 1],
      y: [40, 32, 32, 16],
      geometry: { stride: 4, padding: [0, 0, 0, 0], groups: 1, products: 'float32' },
    };
  }
  return {
    x: [101, 4, 4, 16],
    w: [6, 8, 8, 8],
    y: [101, 8, 8, 6],
    geometry: { stride: 16, padding: [47, 46, 69, 70], groups: 2, products: 'float32' },
  };
}

interface Choices {
  /** How often it is one of many maps. */
  readonly wide?: number;
  /** Multiply-adds in millions; images are left out until there are no more, but for the first. */
  readonly mostWork?: number | undefined;
}

/** Emulated cards take seconds for what the reference does in milliseconds. */
export function drawSizes(random: Random, { wide, mostWork }: Choices = {}): Sizes {
  const drawn = drawAny(random, wide);
  if (mostWork === undefined) return drawn;
  const [, ...image] = drawn.x;
  const [, ...result] = drawn.y;
  const [kernels, rows, columns, channels] = drawn.w;
  // Backward, some kernels visit every place of the window at every pixel, whatever the stride.
  const forward = count(result) * rows * columns * channels;
  const backward = (count(image) * rows * columns * kernels) / drawn.geometry.groups;
  const images = Math.min(
    drawn.x[0],
    Math.max(1, Math.floor((mostWork * 1e6) / Math.max(forward, backward))),
  );
  return { ...drawn, x: [images, ...image], y: [images, ...result] };
}

function drawAny(random: Random, wide = 0.03): Sizes {
  if (random.chance(wide)) return drawWide(random);
  if (random.chance(0.06)) return drawConnected(random);
  if (random.chance(0.1)) return drawDeep(random);
  if (random.chance(0.07)) return drawFirst(random);
  for (;;) {
    const drawn = draw(random);
    if (count(drawn.y) * count(drawn.w.slice(1)) <= mostMultiplications) return drawn;
  }
}

const drawDropout = (random: Random, channels: number): Dropout => ({
  rate: random.pick([0.5, 0.5, 0.1, 0, 0.9]),
  seed: [random.word(), random.word()],
  stream: random.word(),
  channels: channels + random.integer(0, 5),
  channelOffset: 0,
});

export function convolutionForward(random: Random, drawn = drawSizes(random)): Case {
  const { x, w, y, geometry } = drawn;
  const magnitude = Math.sqrt(count(w.slice(1)));
  const accumulate = random.chance(0.3);
  const biased = random.chance(0.6);
  const strided = random.chance(0.3);
  const yStrides = stridesFor(random, y, strided);
  const result = accumulate
    ? changed(input(random.normal(count(y)), y, yStrides), magnitude)
    : output(magnitude, y, yStrides);
  const channels = y[3] + random.integer(0, 9);
  const dropout = random.chance(0.4) && {
    ...drawDropout(random, channels),
    channelOffset: random.integer(0, channels - y[3]),
    channels,
  };
  const activation = random.pick<Activation>(['none', 'relu', 'relu', 'tanh']);
  const scale = random.pick([1, 1, 0.5, -1.25]);
  const operands = {
    x: input(random.normal(count(x)), x, stridesFor(random, x, strided)),
    w: input(random.normal(count(w)), w),
    bias: input(random.normal(w[0]), [1, 1, 1, w[0]]),
    y: result,
  };
  return defineCase(
    operands,
    (at) => [
      {
        op: 'convolution_forward',
        x: at.x,
        w: at.w,
        ...(biased && { bias: at.bias }),
        y: at.y,
        ...geometry,
        accumulate,
        activation,
        ...(dropout && { dropout }),
        scale,
      },
    ],
    { step: random.word() },
  );
}

export function convolutionBackwardData(random: Random, drawn = drawSizes(random)): Case {
  const { x, w, y, geometry } = drawn;
  const accumulate = random.chance(0.4);
  const strided = random.chance(0.3);
  const magnitude = Math.sqrt((count(y) * count(w.slice(1))) / count(x));
  const dxStrides = stridesFor(random, x, strided);
  const operands = {
    dy: input(random.normal(count(y)), y, stridesFor(random, y, strided)),
    w: input(random.normal(count(w)), w),
    dx: accumulate
      ? changed(input(random.normal(count(x)), x, dxStrides), magnitude)
      : output(magnitude, x, dxStrides),
  };
  return defineCase(operands, ({ dy, w: weights, dx }) => [
    { op: 'convolution_backward_data', dy, w: weights, dx, accumulate, ...geometry },
  ]);
}

/** `inTwo`: the gradient first, then the update by it. */
export function convolutionUpdate(random: Random, drawn = drawSizes(random), inTwo = false): Case {
  const { x, w, y, geometry } = drawn;
  const strided = random.chance(0.3);
  const terms = y[0] * y[1] * y[2];
  const shared = {
    x: input(random.normal(count(x)), x, stridesFor(random, x, strided)),
    dy: input(random.normal(count(y)), y, stridesFor(random, y, strided)),
    w: changed(input(random.normal(count(w)), w), 0),
    v: changed(input(random.normal(count(w), 0.1), w), 0.01),
    copy: output(1, w),
    db: output(Math.sqrt(terms), [1, 1, 1, w[0]]),
  };
  const biased = random.chance(0.5);
  const copied = random.chance(0.6);
  const momentum = random.pick([0.9, 0]);
  const decay = random.pick([0, 0.0005, 0.1]);
  const rates = [1, random.pick([0.01, 1]) / Math.sqrt(terms)];
  const commands = (at: Readonly<Record<keyof typeof shared, Tensor>>, dw?: Tensor): Op[] => {
    const gradient = { x: at.x, dy: at.dy, ...(biased && { db: at.db }), ...geometry };
    const weights = { w: at.w, v: at.v, ...(copied && { copy: at.copy }), rate: 1, decay };
    if (!dw) return [{ op: 'convolution_update', ...gradient, ...weights, momentum }];
    return [
      { op: 'convolution_backward_weights', ...gradient, dw },
      { op: 'sgd', segments: [{ ...weights, g: dw }], momentum },
    ];
  };
  if (!inTwo) return defineCase(shared, (at) => commands(at), { rates });
  const operands = { ...shared, dw: output(Math.sqrt(terms), w) };
  return defineCase(operands, ({ dw, ...at }) => commands(at, dw), { rates });
}

export function convolutionBackwardWeights(random: Random, drawn = drawSizes(random)): Case {
  const { x, w, y, geometry } = drawn;
  const strided = random.chance(0.3);
  const biased = random.chance(0.7);
  const terms = y[0] * y[1] * y[2];
  const operands = {
    x: input(random.normal(count(x)), x, stridesFor(random, x, strided)),
    dy: input(random.normal(count(y)), y, stridesFor(random, y, strided)),
    dw: output(Math.sqrt(terms), w),
    db: output(Math.sqrt(terms), [1, 1, 1, w[0]]),
  };
  return defineCase(operands, (at) => [
    {
      op: 'convolution_backward_weights',
      x: at.x,
      dy: at.dy,
      dw: at.dw,
      ...(biased && { db: at.db }),
      ...geometry,
    },
  ]);
}
