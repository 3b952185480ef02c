/** The lists that bench takes: 128,512 and bf16,tf32. */

import { precisions, type Precision } from '../../lib/plan/precision.js';
import { oneOf, positiveWhole, refuse, type Check } from '../values.js';

/** Values with commas between them, each once, in the order given. */
function listOf<T>(expected: string, check: Check<T>): Check<T[]> {
  return (value, name) => {
    const parts = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : [];
    if (parts.length === 0 || parts.includes('')) refuse(expected, name, value);
    return [...new Set(parts.map((part) => check(part, name)))];
  };
}

export const batches = listOf('batches such as 128 or 128,512', positiveWhole);

export const precisionList: Check<Precision[]> = listOf(
  'precisions such as bf16 or bf16,tf32,fp32',
  oneOf(precisions),
);
