/** What a network's products are computed in. */

/**
 * fp32: float32 throughout. tf32: float32 tensors, products of operands rounded to 10 bits of mantissa. bf16: activations,
 * their gradients and the weights multiplied with are bfloat16; sums, weights, their gradients and momentum stay float32. On
 * the CPU, which only infers in bf16, it is the fully connected layers' weights alone: at small batches time goes into reading them.
 */
export type Precision = (typeof precisions)[number];
export const precisions = ['fp32', 'tf32', 'bf16'] as const;
