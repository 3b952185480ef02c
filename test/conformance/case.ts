/** A case: operands with their contents, the commands over them, and how the results are compared. */

import type { DType, Op, Shape, Tensor } from '../../lib/plan/commands.js';
import type { NumberArray } from '../../lib/ops/tensor.js';
import type { Random } from './random.js';

export type Strides = NonNullable<Tensor['strides']>;

/**
 * How a result is held against the reference's. 'close': the norm of the difference, relative to the reference's norm
 * or to `magnitude` (the root mean square that such sums have) times √count where cancellation left less. 'exact': equal.
 */
export type Comparison = { readonly as: 'exact' } | { readonly as: 'close'; readonly magnitude: number };

export interface Operand {
  readonly shape: Shape;
  readonly strides: Strides;
  readonly dtype: DType;
  /** What the memory from the first to the last element holds before the command, gaps included. */
  readonly data: NumberArray;
  readonly result?: Comparison;
}

export interface Case {
  readonly operands: Readonly<Record<string, Operand>>;
  readonly ops: (at: Readonly<Record<string, Tensor>>) => readonly Op[];
  readonly step: number;
  readonly rates: readonly number[];
}

export function defineCase<Name extends string>(
  operands: Readonly<Record<Name, Operand>>,
  ops: (at: Readonly<Record<Name, Tensor>>) => readonly Op[],
  { step = 0, rates = [] }: { step?: number; rates?: readonly number[] } = {},
): Case {
  return { operands, ops: ops as Case['ops'], step, rates };
}

export const count = (shape: readonly number[]): number => shape.reduce((all, one) => all * one, 1);

export const denseStrides = ([, h, w, c]: Shape): Strides => [h * w * c, w * c, c];

/** Dense, or with gaps between positions (a slice of the channels), rows and images. */
export function stridesFor(random: Random, shape: Shape, strided: boolean): Strides {
  if (!strided) return denseStrides(shape);
  const [, h, w, c] = shape;
  const column = c + random.pick([0, 1, c, 16]);
  const row = w * column + random.pick([0, 3, column]);
  return [h * row + random.pick([0, 5]), row, column];
}

/** Calls visit(element, index) for the elements of a tensor in order, `index` their place from its first one. */
export function eachElement(
  { shape, strides }: { readonly shape: Shape; readonly strides: Strides },
  visit: (index: number) => void,
): void {
  for (let n = 0; n < shape[0]; n++) {
    for (let h = 0; h < shape[1]; h++) {
      for (let w = 0; w < shape[2]; w++) {
        const start = n * strides[0] + h * strides[1] + w * strides[2];
        for (let c = 0; c < shape[3]; c++) visit(start + c);
      }
    }
  }
}

/** The same case without gaps in its tensors. */
export function dense(test: Case): Case {
  const operands = Object.entries(test.operands).map(([name, operand]) => {
    const data = operand.data.slice(0, count(operand.shape));
    let next = 0;
    eachElement(operand, (index) => (data[next++] = operand.data[index]!));
    return [name, { ...operand, strides: denseStrides(operand.shape), data }];
  });
  return { ...test, operands: Object.fromEntries(operands) as Case['operands'] };
}

export const extent = ({ shape, strides }: { shape: Shape; strides: Strides }): number =>
  shape.slice(0, 3).reduce((sum, size, i) => sum + (size - 1) * strides[i]!, shape[3]);

/** A float32 input. Gaps hold NaN, so that reading one shows. */
export function input(numbers: Float32Array, shape: Shape, strides: Strides = denseStrides(shape)): Operand {
  const data = new Float32Array(extent({ shape, strides })).fill(NaN);
  let next = 0;
  eachElement({ shape, strides }, (index) => (data[index] = numbers[next++]!));
  return { shape, strides, dtype: 'float32', data };
}

/** A float32 result, whose memory holds NaN before. */
export function output(magnitude: number, shape: Shape, strides: Strides = denseStrides(shape)): Operand {
  const data = new Float32Array(extent({ shape, strides })).fill(NaN);
  return { shape, strides, dtype: 'float32', data, result: { as: 'close', magnitude } };
}

export const exactly = (operand: Operand): Operand => ({ ...operand, result: { as: 'exact' } });

/** An operand that is read and written. */
export const changed = (operand: Operand, magnitude: number): Operand => ({
  ...operand,
  result: { as: 'close', magnitude },
});
