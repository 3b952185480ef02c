/** One call: operands placed one behind the other in the arena, then the commands over them. */

import type { DType, Op, Shape, Tensor as Place } from '../plan/commands.js';
import { openDevice, placeBytes, type Operand, type OpsOptions } from './device.js';
import {
  dtypeOf,
  fromNative,
  nativeShape,
  product,
  toNative,
  zeros,
  type FloatArray,
  type NumberArray,
  type Tensor,
} from './tensor.js';

/** Operands are converted to the native layout on their way in and back on their way out. */
export class Call {
  readonly #operands: Operand[] = [];
  #end = 0;

  #place(shape: Shape, dtype: DType, direction: Operand['direction'], data?: NumberArray): Place {
    const place: Place = { offset: this.#end, shape, dtype };
    this.#end += placeBytes(place);
    this.#operands.push({ place, direction, ...(data && { data }) });
    return place;
  }

  /** An operand that is only read. */
  input(tensor: Tensor<NumberArray>): Place {
    const data = toNative(tensor.data, tensor.shape);
    return this.#place(nativeShape(tensor.shape), dtypeOf(data), 'in', data);
  }

  /** A vector, 1×1×1×C. */
  vector(tensor: Tensor<NumberArray>): Place {
    return this.flat(tensor, [1, 1, 1, tensor.data.length]);
  }

  /** An operand whose numbers are already in the native order, seen in `shape`. */
  flat(tensor: Tensor<NumberArray>, shape: Shape): Place {
    return this.#place(shape, dtypeOf(tensor.data), 'in', tensor.data);
  }

  /** A result of `shape`, and where it comes from once the call has run; `initial` is what it starts from. */
  output<D extends DType>(shape: readonly number[], dtype: D, initial?: Tensor): OutputTensor<D> {
    const start = initial && toNative(initial.data, shape);
    const data = zeros(dtype, product(shape));
    if (start) data.set(start);
    const place = this.#place(nativeShape(shape), dtype, start ? 'inout' : 'out', data);
    return { place, tensor: () => ({ data: fromNative(data, shape) as ArrayOf<D>, shape: [...shape] }) };
  }

  /** A result whose numbers stay in the native order, seen by the command in `shape`. */
  flatOutput<D extends DType>(
    shape: readonly number[],
    seen: Shape,
    dtype: D,
    initial?: Tensor,
  ): OutputTensor<D> {
    const data = zeros(dtype, product(shape));
    if (initial) data.set(initial.data);
    const place = this.#place(seen, dtype, initial ? 'inout' : 'out', data);
    return { place, tensor: () => ({ data: data as ArrayOf<D>, shape: [...shape] }) };
  }

  /** A tensor between two commands of the call. */
  scratch(shape: readonly number[], dtype: DType): Place {
    return this.#place(nativeShape(shape), dtype, 'scratch');
  }

  run(options: OpsOptions, ops: readonly Op[], step = 0, rates: readonly number[] = []): Promise<void> {
    const commands = ops.map((op) => ({ ...op, label: op.op }));
    return openDevice(options).run(this.#operands, commands, step, rates);
  }
}

export interface OutputTensor<D extends DType> {
  readonly place: Place;
  readonly tensor: () => Tensor<ArrayOf<D>>;
}

type ArrayOf<D extends DType> = D extends 'int32' ? Int32Array : D extends 'uint8' ? Uint8Array : FloatArray;

export const flatShape = (tensor: Tensor): Shape => [1, 1, 1, tensor.data.length];
