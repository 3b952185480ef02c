/** A case as it is in each precision of a card. */

import type { Op } from '../../lib/plan/commands.js';
import type { Precision } from '../../lib/plan/precision.js';
import { fromBfloat16, toBfloat16 } from '../../lib/runtime/bfloat16.js';
import type { Case, Operand } from './case.js';

/** ‖out − reference‖ / ‖reference‖, for every op alike. */
export const tolerances: Readonly<Record<Precision, number>> = { fp32: 1e-5, tf32: 1e-3, bf16: 1e-2 };

/** Float32 in every precision: sums, statistics of the loss, what the host writes, and all that an update works on. */
const staysFloat32 = new Set([
  'bias',
  'dw',
  'db',
  'probabilities',
  'losses',
  'views',
  'mean',
  'gamma',
  'beta',
  'inverse',
  'runningMean',
  'runningVariance',
  'dgamma',
  'dbeta',
]);

const rounded = (operand: Operand): Operand =>
  operand.dtype === 'float32'
    ? { ...operand, dtype: 'bfloat16', data: toBfloat16(operand.data as Float32Array) }
    : operand;

const inTf32 = (op: Op): Op => ('products' in op ? { ...op, products: 'tf32' } : op);

/** Of a convolution: what is multiplied, as float32 numbers that lose nothing when they are rounded to bfloat16. */
export function inBf16Products(test: Case): Case {
  const operands = Object.entries(test.operands).map(([key, operand]) => [
    key,
    ['x', 'w', 'dy'].includes(key) && !operand.result
      ? { ...operand, data: fromBfloat16(toBfloat16(operand.data as Float32Array)) }
      : operand,
  ]);
  const ops: Case['ops'] = (at) =>
    test.ops(at).map((op): Op => ('products' in op ? { ...op, products: 'bfloat16' } : op));
  return { ...test, operands: Object.fromEntries(operands) as Case['operands'], ops };
}

/** `odd` draws what the types leave open: logits come in either. */
export function inPrecision(test: Case, name: string, precision: Precision, odd: boolean): Case {
  if (precision === 'fp32') return test;
  if (precision === 'tf32') return { ...test, ops: (at) => test.ops(at).map(inTf32) };
  if (name === 'sgd') return test;
  const updated = name === 'convolution_update' ? ['w', 'v'] : [];
  const keeps = (operand: string): boolean =>
    staysFloat32.has(operand) || updated.includes(operand) || (operand === 'logits' && odd);
  const operands = Object.entries(test.operands).map(([key, operand]) => [
    key,
    keeps(key) ? operand : rounded(operand),
  ]);
  return { ...test, operands: Object.fromEntries(operands) as Case['operands'] };
}

/** The ops that a precision changes anything for. */
export function changes(precision: Precision, name: string): boolean {
  if (precision === 'tf32') return name.startsWith('convolution');
  return precision === 'fp32' || name !== 'sgd';
}
