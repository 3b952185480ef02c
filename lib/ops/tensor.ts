/** Tensors as users hand them over: a typed array and a shape, in the ecosystem's layouts. */

import type { DType, Shape } from '../plan/commands.js';
import { expected } from './arguments.js';

export type FloatArray = Float32Array | Float64Array;
export type NumberArray = FloatArray | Int32Array | Uint8Array | Uint16Array;

/**
 * Numbers and their shape, the last dimension adjacent in memory. Activations are N×C×H×W, weights O×I×H×W; fully
 * connected layers take N×I inputs and O×I weights.
 */
export interface Tensor<Data extends NumberArray = FloatArray> {
  readonly data: Data;
  readonly shape: readonly number[];
}

export const product = (shape: readonly number[]): number => shape.reduce((all, one) => all * one, 1);

export function dtypeOf(data: NumberArray): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof Uint16Array) return 'bfloat16';
  return data instanceof Int32Array ? 'int32' : 'uint8';
}

/** bfloat16 numbers are their 16 bits. */
export function zeros(dtype: DType, length: number): NumberArray {
  const types = {
    float32: Float32Array,
    float64: Float64Array,
    bfloat16: Uint16Array,
    int32: Int32Array,
    uint8: Uint8Array,
  };
  return new types[dtype](length);
}

/** Results are float64 where any input is: nothing of a float64 computation is lost on the way out. */
export function commonType(...tensors: readonly (Tensor | undefined)[]): 'float32' | 'float64' {
  return tensors.some((tensor) => tensor?.data instanceof Float64Array) ? 'float64' : 'float32';
}

const isFloats = (data: unknown): data is FloatArray =>
  data instanceof Float32Array || data instanceof Float64Array;

/** A float tensor of `rank` dimensions (any number of them when absent). */
export function checkTensor(name: string, tensor: Tensor, rank?: number): void {
  if (!isFloats(tensor?.data)) expected('a Float32Array or Float64Array', `${name}.data`, tensor?.data);
  checkShape(name, tensor, rank);
}

export function checkShape(name: string, tensor: Tensor<NumberArray>, rank?: number): void {
  const { data, shape } = tensor;
  const whole = Array.isArray(shape) && shape.every((extent) => Number.isSafeInteger(extent) && extent > 0);
  if (!whole || shape.length === 0 || (rank !== undefined && shape.length !== rank)) {
    expected(`${rank ?? 'some'} positive integers`, `${name}.shape`, shape);
  }
  if (data.length !== product(shape)) {
    expected(`${product(shape)} numbers (shape ${shape.join('×')})`, `${name}.data`, data);
  }
}

/** A float tensor of exactly this shape. */
export function checkSame(name: string, tensor: Tensor, shape: readonly number[]): void {
  checkTensor(name, tensor);
  if (tensor.shape.length !== shape.length || tensor.shape.some((extent, i) => extent !== shape[i])) {
    expected(shape.join('×'), `${name}.shape`, tensor.shape);
  }
}

/** N×C×H×W (or N×C) as the native core sees it. O×I×H×W becomes K×R×S×C by the same turn. */
export function nativeShape(shape: readonly number[]): Shape {
  const [n = 1, c = 1, h = 1, w = 1] = shape;
  return [n, h, w, c];
}

/** From channels-first to channels-last: a new array, or the same one where the order is already equal. */
export function toNative<Data extends NumberArray>(data: Data, shape: readonly number[]): Data {
  const [n, h, w, c] = nativeShape(shape);
  return transpose(data, n, c, h * w);
}

/** From channels-last back to channels-first. */
export function fromNative<Data extends NumberArray>(data: Data, shape: readonly number[]): Data {
  const [n, h, w, c] = nativeShape(shape);
  return transpose(data, n, h * w, c);
}

function transpose<Data extends NumberArray>(data: Data, count: number, rows: number, columns: number): Data {
  if (rows === 1 || columns === 1) return data;
  const turned = zeros(dtypeOf(data), data.length) as Data;
  const size = rows * columns;
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) turned[n * size + j * rows + i] = data[n * size + i * columns + j]!;
    }
  }
  return turned;
}
