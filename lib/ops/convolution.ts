/** Convolution and fully connected layers (paper, sections 3.2 and 3.5), forward and backward. */

import type { Activation, ConvolutionGeometry } from '../plan/commands.js';
import { activationOf, expected, finite, groupsOf, paddingOf, positiveInteger, word } from './arguments.js';
import { Call } from './call.js';
import type { OpsOptions } from './device.js';
import { dropoutOf, type DropoutArguments } from './random.js';
import { checkSame, checkTensor, commonType, type Tensor } from './tensor.js';

export interface Epilogue {
  /** Added to every output of its channel, before the activation: O numbers. */
  readonly bias?: Tensor;
  /** What is added to the convolution before the activation, of y's shape. */
  readonly add?: Tensor;
  /** 'none' when absent. */
  readonly activation?: Activation;
  /** Units to zero behind the activation. */
  readonly dropout?: DropoutArguments;
  /** Keys the dropout mask together with its seed and stream; 0 when absent. */
  readonly step?: number;
  /** What everything is multiplied by last (0.5 stands in for dropout at test time); 1 when absent. */
  readonly scale?: number;
}

export interface Geometry {
  /** 1 when absent. */
  readonly stride?: number;
  /** Zeros around the image: one number or [top, left, bottom, right]; 0 when absent. */
  readonly padding?: number | readonly number[];
  /** Group g of the outputs reads group g of the inputs; 1 when absent. */
  readonly groups?: number;
}

export interface ConvolutionArguments extends Geometry, Epilogue {
  /** N×C×H×W. */
  readonly x: Tensor;
  /** O×(C / groups)×R×S. */
  readonly w: Tensor;
}

export interface ConvolutionBackwardArguments extends Geometry {
  readonly x: Tensor;
  readonly w: Tensor;
  /** The gradient with respect to the forward pass's output, N×O×P×Q. */
  readonly dy: Tensor;
  /** The forward pass's output; needed where it had an activation. */
  readonly y?: Tensor;
  readonly activation?: Activation;
  /** The forward pass's dropout and step. */
  readonly dropout?: DropoutArguments;
  readonly step?: number;
}

export interface ConvolutionGradients {
  readonly dx: Tensor;
  readonly dw: Tensor;
  /** O numbers. */
  readonly db: Tensor;
}

function geometryOf(args: Geometry, x: Tensor, w: Tensor): ConvolutionGeometry {
  checkTensor('x', x, 4);
  checkTensor('w', w, 4);
  const channels = x.shape[1]!;
  const groups = groupsOf(args.groups ?? 1, 'the input channels', channels);
  groupsOf(groups, 'the output channels', w.shape[0]!);
  if (w.shape[1] !== channels / groups) {
    expected(`${channels / groups} input channels in each of ${groups} groups`, 'w.shape', w.shape);
  }
  const stride = positiveInteger('stride', args.stride ?? 1);
  return { stride, padding: paddingOf(args.padding ?? 0), groups, products: 'float32' };
}

function outputShape({ stride, padding }: ConvolutionGeometry, x: Tensor, w: Tensor): number[] {
  const [, , height = 1, width = 1] = x.shape;
  const [, , rows = 1, columns = 1] = w.shape;
  const [top, left, bottom, right] = padding;
  const padded = [height + top + bottom, width + left + right] as const;
  if (rows > padded[0] || columns > padded[1]) {
    expected(`a kernel of at most ${padded[0]}×${padded[1]}`, 'w.shape', w.shape);
  }
  const extent = (size: number, kernel: number): number => Math.floor((size - kernel) / stride) + 1;
  return [x.shape[0]!, w.shape[0]!, extent(padded[0], rows), extent(padded[1], columns)];
}

/**
 * y = scale · mask · activation(conv(x, w) + bias + add). y is N×O×P×Q with P = ⌊(H + top + bottom − R) / stride⌋ + 1
 * and Q likewise (paper, section 3.5; groups are the paper's two GPUs, section 3.2).
 */
export async function convolution(args: ConvolutionArguments, options: OpsOptions = {}): Promise<Tensor> {
  const { x, w, bias, add, dropout } = args;
  const geometry = geometryOf(args, x, w);
  const shape = outputShape(geometry, x, w);
  if (bias) checkSame('bias', bias, [shape[1]!]);
  if (add) checkSame('add', add, shape);
  const call = new Call();
  const y = call.output(shape, commonType(x, w, bias, add), add);
  const operands = { x: call.input(x), w: call.input(w), ...(bias && { bias: call.vector(bias) }) };
  const epilogue = {
    accumulate: add !== undefined,
    activation: activationOf(args.activation ?? 'none'),
    scale: finite('scale', args.scale ?? 1),
    ...(dropout && { dropout: dropoutOf(dropout, shape[1]!) }),
  };
  const op = { op: 'convolution_forward', ...operands, y: y.place, ...geometry, ...epilogue } as const;
  await call.run(options, [op], word('step', args.step ?? 0));
  return y.tensor();
}

/** The gradients of {@link convolution} with respect to input, weights and bias; sums over the batch, not means. */
export async function convolutionBackward(
  args: ConvolutionBackwardArguments,
  options: OpsOptions = {},
): Promise<ConvolutionGradients> {
  const { x, w, dy, y } = args;
  const geometry = geometryOf(args, x, w);
  checkSame('dy', dy, outputShape(geometry, x, w));
  const activation = activationOf(args.activation ?? 'none');
  const type = commonType(x, w, dy);
  const call = new Call();
  const dx = call.output(x.shape, type);
  const dw = call.output(w.shape, type);
  const db = call.flatOutput([w.shape[0]!], [1, 1, 1, w.shape[0]!], type);
  const operands = { x: call.input(x), w: call.input(w) };
  const incoming = call.input(dy);
  const before = [];
  let gradient = incoming;
  if (activation !== 'none' || args.dropout) {
    if (!y) expected('the output of the forward pass, which the activation needs', 'y', y);
    checkSame('y', y, dy.shape);
    gradient = call.scratch(dy.shape, type);
    const dropout = args.dropout && dropoutOf(args.dropout, dy.shape[1]!);
    const through = { y: call.input(y), dy: incoming, dx: gradient, activation, ...(dropout && { dropout }) };
    before.push({ op: 'activation_backward', ...through } as const);
  }
  const ops = [
    ...before,
    {
      op: 'convolution_backward_data',
      dy: gradient,
      w: operands.w,
      dx: dx.place,
      accumulate: false,
      ...geometry,
    },
    {
      op: 'convolution_backward_weights',
      x: operands.x,
      dy: gradient,
      dw: dw.place,
      db: db.place,
      ...geometry,
    },
  ] as const;
  await call.run(options, ops, word('step', args.step ?? 0));
  return { dx: dx.tensor(), dw: dw.tensor(), db: db.tensor() };
}

export interface FullyConnectedArguments extends Epilogue {
  /** N×I. */
  readonly x: Tensor;
  /** O×I. */
  readonly w: Tensor;
}

export type FullyConnectedBackwardArguments = Omit<ConvolutionBackwardArguments, keyof Geometry>;

const asImage = (tensor: Tensor): Tensor => ({ data: tensor.data, shape: [...tensor.shape, 1, 1] });
const asMatrix = (tensor: Tensor): Tensor => ({ data: tensor.data, shape: tensor.shape.slice(0, 2) });

/** y = scale · mask · activation(x·wᵀ + bias + add), N×O (paper, section 3.5: the last three layers). */
export async function fullyConnected(
  args: FullyConnectedArguments,
  options: OpsOptions = {},
): Promise<Tensor> {
  checkTensor('x', args.x, 2);
  checkTensor('w', args.w, 2);
  const { add, ...rest } = args;
  if (add) checkSame('add', add, [args.x.shape[0]!, args.w.shape[0]!]);
  const images = { x: asImage(args.x), w: asImage(args.w), ...(add && { add: asImage(add) }) };
  return asMatrix(await convolution({ ...rest, ...images }, options));
}

/** The gradients of {@link fullyConnected} with respect to input, weights and bias. */
export async function fullyConnectedBackward(
  args: FullyConnectedBackwardArguments,
  options: OpsOptions = {},
): Promise<ConvolutionGradients> {
  checkTensor('x', args.x, 2);
  checkTensor('w', args.w, 2);
  checkSame('dy', args.dy, [args.x.shape[0]!, args.w.shape[0]!]);
  const { y, ...rest } = args;
  if (y) checkSame('y', y, args.dy.shape);
  const images = {
    x: asImage(args.x),
    w: asImage(args.w),
    dy: asImage(args.dy),
    ...(y && { y: asImage(y) }),
  };
  const { dx, dw, db } = await convolutionBackward({ ...rest, ...images }, options);
  return { dx: asMatrix(dx), dw: asMatrix(dw), db };
}
