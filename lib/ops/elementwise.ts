/** One number in, one number out: activation, dropout, scale, copy, sum (paper, sections 3.1 and 4.2). */

import type { Activation } from '../plan/commands.js';
import { activationOf, expected, finite, word } from './arguments.js';
import { Call, flatShape } from './call.js';
import type { OpsOptions } from './device.js';
import { dropoutOf, type DropoutArguments } from './random.js';
import { checkSame, checkTensor, commonType, type Tensor } from './tensor.js';

/** y = activation(x): max(0, x) or tanh(x) (paper, section 3.1). Any shape. */
export async function activation(
  args: { readonly x: Tensor; readonly activation: Activation },
  options: OpsOptions = {},
): Promise<Tensor> {
  checkTensor('x', args.x);
  const call = new Call();
  const shape = flatShape(args.x);
  const y = call.flatOutput(args.x.shape, shape, commonType(args.x));
  const kind = activationOf(args.activation);
  const x = call.flat(args.x, shape);
  await call.run(options, [{ op: 'activation_forward', x, y: y.place, activation: kind }]);
  return y.tensor();
}

export interface ActivationBackwardArguments {
  /** What the forward pass wrote, behind its dropout. N×C or N×C×H×W. */
  readonly y: Tensor;
  readonly dy: Tensor;
  readonly activation: Activation;
  /** The forward pass's dropout and step. */
  readonly dropout?: DropoutArguments;
  readonly step?: number;
}

/** dx = mask · dy · activation′, the derivative read off the output y. */
export async function activationBackward(
  args: ActivationBackwardArguments,
  options: OpsOptions = {},
): Promise<Tensor> {
  const { y, dy } = args;
  checkLayer('y', y);
  checkSame('dy', dy, y.shape);
  const call = new Call();
  const dx = call.output(y.shape, commonType(y, dy));
  const dropout = args.dropout && dropoutOf(args.dropout, y.shape[1]!);
  const places = { y: call.input(y), dy: call.input(dy), dx: dx.place };
  const parameters = { activation: activationOf(args.activation), ...(dropout && { dropout }) };
  await call.run(
    options,
    [{ op: 'activation_backward', ...places, ...parameters }],
    word('step', args.step ?? 0),
  );
  return dx.tensor();
}

export interface DropoutCallArguments extends DropoutArguments {
  /** N×C or N×C×H×W. */
  readonly x: Tensor;
  /** Keys the mask together with seed and stream; 0 when absent. */
  readonly step?: number;
}

/**
 * y = mask · x (paper, section 4.2): units zeroed with probability `rate`, nothing scaled. Forward on activations,
 * backward on gradients.
 */
export async function dropout(args: DropoutCallArguments, options: OpsOptions = {}): Promise<Tensor> {
  checkLayer('x', args.x);
  const call = new Call();
  const y = call.output(args.x.shape, commonType(args.x));
  const mask = dropoutOf(args, args.x.shape[1]!);
  const step = word('step', args.step ?? 0);
  await call.run(options, [{ op: 'dropout', x: call.input(args.x), y: y.place, dropout: mask }], step);
  return y.tensor();
}

/** y = factor · x; at test time the paper multiplies the units that dropout trained by 0.5 (section 4.2). Any shape. */
export async function scale(
  args: { readonly x: Tensor; readonly factor: number },
  options: OpsOptions = {},
): Promise<Tensor> {
  checkTensor('x', args.x);
  const call = new Call();
  const shape = flatShape(args.x);
  const y = call.flatOutput(args.x.shape, shape, commonType(args.x));
  const factor = finite('factor', args.factor);
  await call.run(options, [{ op: 'scale', x: call.flat(args.x, shape), y: y.place, factor }]);
  return y.tensor();
}

/** y = x. Any shape. */
export async function copy(args: { readonly x: Tensor }, options: OpsOptions = {}): Promise<Tensor> {
  checkTensor('x', args.x);
  const call = new Call();
  const shape = flatShape(args.x);
  const y = call.flatOutput(args.x.shape, shape, commonType(args.x));
  await call.run(options, [{ op: 'copy', x: call.flat(args.x, shape), y: y.place }]);
  return y.tensor();
}

/** y = xs[0] + xs[1] + …, in that order. Any shape, the same for all. */
export async function sum(
  args: { readonly xs: readonly Tensor[] },
  options: OpsOptions = {},
): Promise<Tensor> {
  const [first] = args.xs;
  if (!first) expected('at least one tensor', 'xs', args.xs);
  args.xs.forEach((x, i) => checkSame(`xs[${i}]`, x, first.shape));
  const call = new Call();
  const shape = flatShape(first);
  const y = call.flatOutput(first.shape, shape, commonType(...args.xs));
  await call.run(options, [{ op: 'sum', xs: args.xs.map((x) => call.flat(x, shape)), y: y.place }]);
  return y.tensor();
}

/** Dropout's mask depends on where a unit stands, so only layers' own shapes will do. */
function checkLayer(name: string, tensor: Tensor): void {
  checkTensor(name, tensor);
  if (tensor.shape.length !== 2 && tensor.shape.length !== 4) {
    expected('N×C or N×C×H×W', `${name}.shape`, tensor.shape);
  }
}
