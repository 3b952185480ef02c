/** What a network is opened with. */

import type { Graph, Preprocessing } from '../graph/graph.js';
import type { Precision } from '../plan/precision.js';
import type { Seed } from '../random/philox.js';
import type { DeviceSpec } from './devices.js';

export interface NetworkOptions {
  readonly graph: Graph;
  readonly preprocessing: Preprocessing;
  readonly devices: readonly DeviceSpec[];
  readonly batch: number;
  readonly seed?: Seed;
  /** Batches hold the network's input itself, batch × crop × crop × 3 float32, and no views. */
  readonly rawInput?: boolean;
  /** What products are computed in; default fp32. Cards compute in all three, the CPU in fp32 and bf16, the reference in fp32. */
  readonly precision?: Precision;
  /** What training needs; without it the network can only infer. */
  readonly training?: {
    readonly momentum: number;
    readonly weightDecay: number;
    readonly decayBiases: boolean;
    /** Without the update, gradients are kept and can be read; default true. */
    readonly update?: boolean;
  };
}
