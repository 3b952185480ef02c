/** From a graph to what each device does: commands, places in memory, transfers. Pure: no I/O, no device. */

import type { Graph, Preprocessing } from '../graph/graph.js';
import { classCount } from '../graph/shapes.js';
import { BackwardPass, type BackwardOptions, type ShardGradient } from './backward.js';
import { isValue, PlanBuilder, type Draft, type PlannedTransfer, type Value } from './builder.js';
import type { Command, Tensor } from './commands.js';
import type { Seed } from '../random/philox.js';
import { ForwardPass } from './forward.js';
import type { Piece } from './tape.js';
import {
  isPersistent,
  lifetimes,
  peakByKind,
  placePersistent,
  placeTransient,
  type MemoryByKind,
  type Placement,
} from './memory.js';
import { layOutParameters, type Shard } from './parameters.js';
import { partition, type PartitionedLayer } from './partition.js';
import { productsIn, type Bfloat16, type Precision } from './precision.js';

/** Scratch bytes a device's backend needs for a command. Operands of the question have no place yet: offset 0. */
export type WorkspaceOf = (device: number, command: Command) => number;

export interface PlanOptions {
  readonly graph: Graph;
  readonly preprocessing: Preprocessing;
  readonly devices: number;
  readonly batch: number;
  readonly seed: Seed;
  /** Training plans run forward, backward and update; without, forward with dropout's test-time scaling. */
  readonly training?: BackwardOptions;
  /** What products are computed in; default fp32. */
  readonly precision?: Precision;
  /**
   * Which numbers of a network in bf16 are kept as bfloat16; default 'network'. 'connected': fully connected layers' weights
   * alone. 'none': operands are rounded as they are multiplied.
   */
  readonly bfloat16?: Bfloat16;
  /** An inference plan for the arena of a training plan: it leaves the momentum alone. */
  readonly besideTraining?: boolean;
  /** Layers whose output the host reads, by name. */
  readonly taps?: readonly string[];
  /** The host gives the network's input itself (batch × crop × crop × 3 float32) instead of images and views. */
  readonly rawInput?: boolean;
  readonly workspaceOf: WorkspaceOf;
  /** Bytes of a convolution's packed weights on a device; for plans whose weights stay as they are from run to run. */
  readonly packedOf?: WorkspaceOf;
}

/** A place the host writes before a run or reads after it. */
export interface Port {
  readonly device: number;
  readonly tensor: Tensor;
}

export interface Plan {
  readonly devices: number;
  readonly batch: number;
  readonly lists: readonly (readonly Command[])[];
  /** The same lists with values in the operands' place, for printing and costs. */
  readonly drafts: readonly (readonly Draft[])[];
  readonly layers: readonly PartitionedLayer[];
  readonly shards: readonly Shard[];
  readonly gradients: readonly ShardGradient[];
  readonly transfers: readonly PlannedTransfer[];
  readonly arenaBytes: readonly number[];
  readonly peak: readonly MemoryByKind[];
  /** One set per device that reads the image. */
  readonly images: readonly Port[];
  readonly views: readonly Port[];
  readonly mean: readonly Port[];
  readonly labels: Port;
  readonly losses: Port;
  readonly ranks: Port;
  readonly probabilities: Port;
  readonly taps: ReadonlyMap<string, readonly { readonly port: Port; readonly piece: Piece }[]>;
  readonly place: (value: Value) => Port;
}

export function plan(options: PlanOptions): Plan {
  const { graph, preprocessing, devices, batch } = options;
  const { precision = 'fp32' } = options;
  const bfloat16 = precision === 'bf16' ? (options.bfloat16 ?? 'network') : 'none';
  const builder = new PlanBuilder(devices, bfloat16 === 'network' ? 'bfloat16' : 'float32');
  const layers = partition(graph, devices);
  const parameters = layOutParameters(builder, layers, {
    withMomentum: options.training !== undefined || (options.besideTraining ?? false),
    connectedInBfloat16: bfloat16 === 'connected',
  });
  const readsImage = layers[0]?.ranges.map(({ device }) => device) ?? [];

  const images: Value[] = [];
  const views: Value[] = [];
  const means: Value[] = [];
  const inputs: Value[] = [];
  const { store, crop, meanAt, order, deviation } = preprocessing;
  for (const device of readsImage) {
    const meanSide = preprocessing.mean === 'image' ? store : 1;
    const mean = builder.value(device, 'mean', 'mean', [1, meanSide, meanSide, 3]);
    means[device] = mean;
    const shape = [batch, crop, crop, 3] as const;
    if (options.rawInput) {
      images[device] = inputs[device] = builder.value(device, 'input', 'input', shape, builder.numbers);
      continue;
    }
    // In inference the same images are seen again through other views: they stay.
    const image = builder.value(
      device,
      'input',
      'images',
      [batch, store, store, 3],
      'uint8',
      !options.training,
    );
    const view = builder.value(device, 'input', 'views', [batch, 1, 1, 8]);
    const y = builder.value(device, 'activations', 'input', shape, builder.numbers);
    builder.emit(device, 'input', {
      op: 'preprocess',
      images: image,
      views: view,
      mean,
      y,
      meanAt,
      order,
      deviation,
    });
    images[device] = image;
    views[device] = view;
    inputs[device] = y;
  }

  const forward = new ForwardPass(builder, layers, parameters, {
    batch,
    training: options.training !== undefined,
    seed: options.seed,
    products: productsIn[precision],
    taps: options.taps ?? [],
  }).run(inputs);

  const { logits } = forward;
  const classes = classCount(graph);
  const row = (name: string, width: number, dtype: 'float32' | 'int32' = 'float32') =>
    builder.value(logits.device, 'activations', name, [batch, 1, 1, width], dtype, true);
  const labels = builder.value(logits.device, 'input', 'labels', [batch, 1, 1, 1], 'int32');
  const probabilities = row('probabilities', classes);
  const losses = row('losses', 1);
  const ranks = row('ranks', 1, 'int32');
  const dlogits =
    options.training &&
    builder.value(logits.device, 'gradients', 'gradient of logits', logits.shape, builder.numbers);
  builder.emit(logits.device, 'softmax', {
    op: 'softmax_cross_entropy',
    logits,
    labels,
    probabilities,
    losses,
    ranks,
    ...(dlogits && { dlogits }),
  });

  let gradients: readonly ShardGradient[] = [];
  if (options.training && dlogits) {
    const backward = new BackwardPass(builder, options.training);
    backward.run(forward.tape, dlogits);
    gradients = backward.gradients;
  }

  if (options.packedOf) packWeights(builder, options.packedOf);
  const { placements, workspaces, peak } = placeAll(builder, options.workspaceOf);
  const place = (value: Value): Port => ({ device: value.device, tensor: tensorAt(value, placements) });
  const toCommand = (draft: Draft, device: number): Command => {
    const command = mapOperands(draft, (value) => tensorAt(value, placements));
    const workspace = workspaces[device];
    const needs =
      workspace && draft.op !== 'transfer' && draft.op !== 'wait' && options.workspaceOf(device, command) > 0;
    if (!needs) return command;
    const { offset, shape } = tensorAt(workspace, placements);
    return { ...command, workspace: { offset, bytes: shape[3] } };
  };
  const ports = (values: readonly Value[]): Port[] =>
    values.filter((value) => value !== undefined).map(place);

  return {
    devices,
    batch,
    lists: builder.lists.map((list, device) => list.map((draft) => toCommand(draft, device))),
    drafts: builder.lists,
    layers,
    shards: parameters.shards,
    gradients,
    transfers: builder.transfers,
    arenaBytes: placements.map(({ bytes }) => bytes),
    peak,
    images: ports(images),
    views: ports(views),
    mean: ports(means),
    labels: place(labels),
    losses: place(losses),
    ranks: place(ranks),
    probabilities: place(probabilities),
    taps: new Map(
      [...forward.taps].map(([name, pieces]) => [
        name,
        pieces.map((piece) => ({ port: place(piece.value), piece })),
      ]),
    ),
    place,
  };
}

const unplaced = (value: Value): Tensor => ({ offset: 0, shape: value.shape, dtype: value.dtype });

/** Gives each convolution a place for its weights in the device's own order, where the device has one. */
function packWeights(builder: PlanBuilder, packedOf: WorkspaceOf): void {
  builder.lists.forEach((list, device) => {
    list.forEach((draft, i) => {
      if (draft.op !== 'convolution_forward') return;
      const bytes = packedOf(device, mapOperands(draft, unplaced));
      if (bytes === 0) return;
      const packed = builder.value(device, 'weights', `packed ${draft.label}`, [1, 1, 1, bytes], 'uint8');
      list[i] = { ...draft, packed };
    });
  });
}

function placeAll(builder: PlanBuilder, workspaceOf: WorkspaceOf) {
  const placements: Placement[] = [];
  const workspaces: (Value | undefined)[] = [];
  const peak: MemoryByKind[] = [];
  builder.lists.forEach((list, device) => {
    const scratch = Math.max(
      0,
      ...list
        .filter(({ op }) => op !== 'transfer' && op !== 'wait')
        .map((draft) => workspaceOf(device, mapOperands(draft, unplaced))),
    );
    const workspace =
      scratch > 0 ? builder.value(device, 'workspace', 'workspace', [1, 1, 1, scratch], 'uint8') : undefined;
    const own = builder.values.filter((value) => value.device === device);
    // Weights and mean come first, in this order, whatever the plan is for: plans of one graph share them.
    const rank = { weights: 0, mean: 1, momentum: 2 } as const;
    const persistent = own
      .filter((value): value is Value & { kind: keyof typeof rank } => isPersistent(value.kind))
      .toSorted((a, b) => rank[a.kind] - rank[b.kind] || a.id - b.id);
    const alive = lifetimes(own, list);
    const fixed = placePersistent(persistent);
    const transient = placeTransient(
      own.filter((value) => !isPersistent(value.kind)),
      alive,
      fixed.bytes,
    );
    placements.push({ offsets: new Map([...fixed.offsets, ...transient.offsets]), bytes: transient.bytes });
    workspaces.push(workspace);
    peak.push(peakByKind(own, alive, list.length));
  });
  return { placements, workspaces, peak };
}

function tensorAt(value: Value, placements: readonly Placement[]): Tensor {
  const offset = placements[value.device]?.offsets.get(value);
  if (offset === undefined) throw new Error(`${value.name} has no place`);
  return { offset, shape: value.shape, dtype: value.dtype };
}

/** A command with each operand replaced. */
export function mapOperands(draft: Draft, map: (value: Value) => Tensor): Command {
  const through = (field: unknown): unknown => {
    if (isValue(field)) return map(field);
    if (Array.isArray(field)) return field.map(through);
    if (typeof field === 'object' && field !== null) {
      return Object.fromEntries(Object.entries(field).map(([name, inner]) => [name, through(inner)]));
    }
    return field;
  };
  return through(draft) as Command;
}
