/** PyTorch's answers in float64, from test/goldens/ops.safetensors. */

import { readFileSync } from 'node:fs';

import type { Tensor } from '../../lib/ops.js';

interface Entry {
  readonly dtype: 'F32' | 'F64' | 'I32';
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

export interface Golden {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>> & { readonly op: string };
  /** A tensor of the case by its name. */
  readonly tensor: (name: string) => Tensor;
  readonly labels: (name: string) => Tensor<Int32Array>;
}

function read(): Golden[] {
  const file = readFileSync(new URL('../goldens/ops.safetensors', import.meta.url));
  const headerBytes = Number(file.readBigUInt64LE(0));
  const { __metadata__: metadata, ...entries } = JSON.parse(
    file.subarray(8, 8 + headerBytes).toString(),
  ) as Record<string, Entry> & { __metadata__: Entry & { cases: string } };
  const cases = JSON.parse(metadata.cases) as Record<string, Golden['parameters']>;
  const types = { F32: Float32Array, F64: Float64Array, I32: Int32Array };
  const numbers = (name: string) => {
    const entry = entries[name];
    if (!entry) throw new Error(`ops.safetensors has no tensor ${name}`);
    const [begin, end] = entry.data_offsets.map((offset) => 8 + headerBytes + offset);
    const { buffer } = Uint8Array.from(file.subarray(begin, end));
    return { data: new types[entry.dtype](buffer), shape: entry.shape };
  };
  return Object.entries(cases).map(([name, parameters]) => ({
    name,
    parameters,
    tensor: (part) => numbers(`${name}.${part}`) as Tensor,
    labels: (part) => numbers(`${name}.${part}`) as Tensor<Int32Array>,
  }));
}

export const goldens = read();
