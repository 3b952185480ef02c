/** What a network's products are computed in. */

import type { Products } from './commands.js';

/**
 * fp32: float32 throughout. tf32: float32 tensors, products of operands rounded to 10 bits of mantissa. bf16: activations,
 * their gradients and the weights multiplied with are bfloat16; sums, weights, their gradients and momentum stay float32. On
 * the CPU tensors stay float32 and operands are rounded as they are multiplied, where the processor has instructions for
 * that. Without these it only infers in bf16, with the fully connected layers' weights kept as bfloat16: small batches spend
 * most of their time reading these.
 */
export type Precision = (typeof precisions)[number];
export const precisions = ['fp32', 'tf32', 'bf16'] as const;

export const productsIn: Readonly<Record<Precision, Products>> = {
  fp32: 'float32',
  tf32: 'tf32',
  bf16: 'bfloat16',
};

/** Which tensors of a network in bf16 are bfloat16. */
export type Bfloat16 = 'network' | 'connected' | 'none';

/** The CPU's tensors are float32, but for weights that are read again and again as they are. */
export function bfloat16On(cards: boolean, training: boolean): Bfloat16 {
  if (cards) return 'network';
  return training ? 'none' : 'connected';
}
