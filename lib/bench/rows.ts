/** A benchmark's figures: plain data, the same from this program and from its peers (bench/peers). */

import { elements, type Draft, type Value } from '../plan/builder.js';
import { bytesOf, type OpName } from '../plan/commands.js';
import { cost } from '../plan/cost.js';
import type { Precision } from '../plan/precision.js';
import type { ProfileSpan } from '../runtime/native/program.js';

export type Pass = 'training' | 'inference';

/** What was run. */
export interface BenchSetting {
  readonly batch: number;
  readonly precision: Precision;
  readonly pass: Pass;
}

/** One command of a pass. */
export interface OpTime extends BenchSetting {
  readonly device: number;
  /** The layer. */
  readonly label: string;
  readonly op: OpName;
  /** Median over the runs. */
  readonly milliseconds: number;
  readonly flops: number;
  /** Read and written if every operand travels once; of a transfer: sent. */
  readonly bytes: number;
}

/** Whole training steps or inferences, not profiled. */
export interface StepRate extends BenchSetting {
  /** How they were run. */
  readonly variant: string;
  /** A step's share of a round of several; median over the rounds. */
  readonly milliseconds: number;
  readonly imagesPerSecond: number;
}

/** A device's peak rates, measured just before. */
export interface Ceilings {
  readonly device: string;
  /** 10⁹ bytes a second, read and written. */
  readonly copyGigabytes: number;
  /** 10⁹ operations a second by precision; 0 where the device has no cores for it. */
  readonly gflops: Readonly<Partial<Record<Precision, number>>>;
  /** The CPU's vector instructions. */
  readonly isa?: string;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** Runs beside the computation, or takes no time of its own. */
const beside = (op: OpName): boolean => op === 'transfer' || op === 'wait';

const sent = ({ shape, dtype }: Value): number => elements(shape) * bytesOf[dtype];

/** The commands' medians over several profiles of one plan; waits are left out. */
export function opTimes(
  setting: BenchSetting,
  drafts: readonly (readonly Draft[])[],
  profiles: readonly (readonly ProfileSpan[])[],
): OpTime[] {
  const [first] = profiles;
  if (!first) return [];
  return first.flatMap(({ device, command }, place): OpTime[] => {
    const draft = drafts[device]?.[command];
    if (!draft || draft.op === 'wait') return [];
    const times = profiles.map((spans) => (spans[place]?.end ?? 0) - (spans[place]?.start ?? 0));
    const { flops, bytes } = draft.op === 'transfer' ? { flops: 0, bytes: sent(draft.x) } : cost(draft);
    return [
      { ...setting, device, label: draft.label, op: draft.op, milliseconds: median(times), flops, bytes },
    ];
  });
}

/** Milliseconds of a pass's ops one after the other, on the device that is busy longest. */
export function sumOfOps(ops: readonly OpTime[]): number {
  const sums = new Map<number, number>();
  for (const { device, op, milliseconds } of ops) {
    if (!beside(op)) sums.set(device, (sums.get(device) ?? 0) + milliseconds);
  }
  return Math.max(0, ...sums.values());
}

/** 10⁹ a second; 0 for a time too short for the clock. */
export const perSecond = (amount: number, milliseconds: number): number =>
  milliseconds > 0 ? amount / milliseconds / 1e6 : 0;

/** The fraction value / most; undefined where either is 0 or unknown. */
export const fraction = (value: number, most: number | undefined): number | undefined =>
  value > 0 && most !== undefined && most > 0 ? value / most : undefined;

/** Whether an op's time goes into products, on the cores for the precision; the others compute in float32. */
const multiplies: Readonly<Record<OpName, boolean>> = {
  convolution_forward: true,
  convolution_backward_data: true,
  convolution_backward_weights: true,
  convolution_update: true,
  lrn_forward: false,
  lrn_backward: false,
  lrn_pool_forward: false,
  lrn_pool_backward: false,
  map_norm_forward: false,
  map_norm_backward: false,
  batch_norm_forward: false,
  batch_norm_inference: false,
  batch_norm_backward: false,
  max_pool_forward: false,
  max_pool_backward: false,
  activation_forward: false,
  activation_backward: false,
  dropout: false,
  scale: false,
  softmax_cross_entropy: false,
  sgd: false,
  preprocess: false,
  fill: false,
  gaussian: false,
  copy: false,
  sum: false,
  transfer: false,
  wait: false,
};

/** How fast an op is, and its share of the device's peak rates: for products those of the precision, else float32's. */
export function throughput(row: OpTime, ceilings: Ceilings | undefined) {
  const gflops = perSecond(row.flops, row.milliseconds);
  const gigabytes = perSecond(row.bytes, row.milliseconds);
  const cores = multiplies[row.op] ? row.precision : 'fp32';
  return {
    gflops,
    gigabytes,
    ofPeak: fraction(gflops, ceilings?.gflops[cores]),
    // A transfer does not run at the pace of the device's own memory.
    ofCopy: beside(row.op) ? undefined : fraction(gigabytes, ceilings?.copyGigabytes),
  };
}
