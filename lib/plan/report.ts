/** What a plan says before anything runs, as plain data: for `alexnet-native plan`, its --json, and comparisons. */

import type { Graph, Layer, Preprocessing } from '../graph/graph.js';
import { graphTotals, type GraphTotals } from '../graph/shapes.js';
import { updateOn, type BackwardOptions } from './backward.js';
import { bfloat16On, type Precision } from './precision.js';
import type { MemoryByKind } from './memory.js';
import type { PartitionedLayer } from './partition.js';
import { plan, type WorkspaceOf } from './plan.js';
import { nominalRates, timeline, type NominalRates, type PlannedSpan } from './timeline.js';

export interface PlanReportOptions {
  readonly graph: Graph;
  readonly preprocessing: Preprocessing;
  /** One name a device; the plan only counts them. */
  readonly devices: readonly string[];
  readonly batch: number;
  readonly mode: 'train' | 'inference';
  /** What of the recipe shapes a training plan. */
  readonly recipe: Omit<BackwardOptions, 'update'>;
  /** Default fp32. */
  readonly precision?: Precision;
  readonly workspaceOf: WorkspaceOf;
  /** Speeds the timeline assumes. */
  readonly rates?: NominalRates;
}

export interface LayerReport {
  readonly name: string;
  readonly kind: Layer['kind'];
  /** Height, width, maps on all devices together. */
  readonly output: readonly [height: number, width: number, maps: number];
  /** Out × in × rows × columns, for layers that learn. */
  readonly weights?: readonly [out: number, input: number, rows: number, columns: number];
  readonly parameters: number;
  /** Of one image. */
  readonly forwardFlops: number;
  /** Maps [from, to) of its output by device; a device without any is absent. */
  readonly maps: readonly { readonly device: number; readonly from: number; readonly to: number }[];
  readonly reads: 'image' | 'own maps' | 'all maps';
}

export interface DeviceReport {
  readonly name: string;
  /** What is alive at the moment when most is, by kind. */
  readonly peak: MemoryByKind;
  readonly peakBytes: number;
  /** What the device has to allocate: the peak and the gaps between tensors. */
  readonly arenaBytes: number;
}

export interface TransferReport {
  readonly pass: 'forward' | 'backward';
  readonly layer: string;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

export interface PlanReport {
  readonly network: string;
  readonly mode: 'train' | 'inference';
  readonly batch: number;
  readonly input: Graph['input'];
  readonly layers: readonly LayerReport[];
  readonly totals: GraphTotals & {
    /** Of the whole batch, in this mode. */
    readonly batchFlops: number;
    readonly transferBytes: number;
  };
  readonly devices: readonly DeviceReport[];
  /** In the order in which they are sent. */
  readonly transfers: readonly TransferReport[];
  readonly timeline: {
    readonly rates: NominalRates;
    readonly seconds: number;
    readonly spans: readonly PlannedSpan[];
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

function reads(layer: PartitionedLayer): LayerReport['reads'] {
  if (layer.inputRanges === 'everywhere') return 'image';
  return layer.ownMapsOnly ? 'own maps' : 'all maps';
}

export function planReport(options: PlanReportOptions): PlanReport {
  const { graph, preprocessing, devices, batch, mode, recipe, workspaceOf, rates = nominalRates } = options;
  const { momentum, weightDecay, decayBiases } = recipe;
  const cards = devices.every((name) => name.startsWith('cuda'));
  const update = updateOn(cards);
  const made = plan({
    graph,
    preprocessing,
    devices: devices.length,
    batch,
    // The seed decides no shape, cost or place.
    seed: [1, 0],
    workspaceOf,
    ...(mode === 'train' && { training: { momentum, weightDecay, decayBiases, update } }),
    ...(options.precision && { precision: options.precision }),
    bfloat16: bfloat16On(cards, mode === 'train'),
  });
  const totals = graphTotals(graph);
  const spans = timeline(made.drafts, made.transfers, rates);
  return {
    network: graph.name,
    mode,
    batch,
    input: graph.input,
    layers: made.layers.map((layer) => ({
      name: layer.layer.name,
      kind: layer.layer.kind,
      output: [layer.output.height, layer.output.width, layer.output.channels],
      ...(layer.weights && { weights: layer.weights }),
      parameters: layer.parameters,
      forwardFlops: layer.flops,
      maps: layer.ranges.map(({ device, from, to }) => ({ device, from, to })),
      reads: reads(layer),
    })),
    totals: {
      ...totals,
      batchFlops: batch * (mode === 'train' ? totals.trainingFlops : totals.forwardFlops),
      transferBytes: sum(made.transfers.map(({ bytes }) => bytes)),
    },
    devices: devices.map((name, device) => {
      const peak = made.peak[device] as MemoryByKind;
      return { name, peak, peakBytes: sum(Object.values(peak)), arenaBytes: made.arenaBytes[device] ?? 0 };
    }),
    transfers: made.transfers.map(({ pass, label, from, to, bytes }) => ({
      pass,
      layer: label,
      from,
      to,
      bytes,
    })),
    timeline: { rates, seconds: spans.reduce((latest, { end }) => Math.max(latest, end), 0), spans },
  };
}
