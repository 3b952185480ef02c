/** PyTorch's answers in float64, from test/goldens. */

import { readFileSync } from 'node:fs';

import { decodeHeader, headerLength, typed } from '../../lib/formats/safetensors.js';
import type { Tensor } from '../../lib/ops.js';

export interface Golden {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>> & { readonly op: string };
  /** A tensor of the case by its name. */
  readonly tensor: (name: string) => Tensor;
  readonly labels: (name: string) => Tensor<Int32Array>;
}

function read(file: string): Golden[] {
  const bytes = readFileSync(new URL(`../goldens/${file}`, import.meta.url));
  const start = 8 + headerLength(file, bytes, bytes.length);
  const { entries, metadata } = decodeHeader(file, bytes.subarray(8, start), bytes.length - start);
  const numbers = (name: string) => {
    const entry = entries.get(name);
    if (!entry) throw new Error(`${file} has no tensor ${name}`);
    const { buffer } = Uint8Array.from(bytes.subarray(start + entry.begin, start + entry.end));
    return { data: typed(entry, buffer), shape: entry.shape };
  };
  const cases = JSON.parse(metadata['cases'] ?? '{}') as Record<string, Golden['parameters']>;
  return Object.entries(cases).map(([name, parameters]) => ({
    name,
    parameters,
    tensor: (part) => numbers(`${name}.${part}`) as Tensor,
    labels: (part) => numbers(`${name}.${part}`) as Tensor<Int32Array>,
  }));
}

export const goldens = ['ops.safetensors', 'batch-norm.safetensors', 'non-finite.safetensors'].flatMap(read);
