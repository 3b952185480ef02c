/** Values and commands by hand, for tables about plans. */

import type { Draft, Value, ValueKind } from '../../../lib/plan/builder.js';
import type { DType, Op, Shape } from '../../../lib/plan/commands.js';

let made = 0;

export function value(
  name: string,
  shape: Shape | number,
  {
    kind = 'activations',
    dtype = 'float32',
    keep = false,
  }: Partial<Pick<Value, 'kind' | 'dtype' | 'keep'>> = {},
): Value {
  const whole: Shape = typeof shape === 'number' ? [1, 1, 1, shape] : shape;
  return {
    id: made++,
    device: 0,
    kind: kind satisfies ValueKind,
    shape: whole,
    dtype: dtype satisfies DType,
    name,
    keep,
  };
}

export const command = (op: Op<Value>): Draft => ({ ...op, label: op.op });

/** The plainest command that reads x and writes y. */
export const reads = (x: Value, y: Value): Draft => command({ op: 'scale', x, y, factor: 1 });
