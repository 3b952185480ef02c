/** The parts of the layers' parameters that each device holds. */

import type { Layer } from '../graph/graph.js';
import { isTrained, type ParameterRole, type WeightShape } from '../graph/parameters.js';
import type { DType, Shape } from './commands.js';
import type { PlanBuilder, Value } from './builder.js';
import { size, type MapRange, type PartitionedLayer } from './partition.js';

/** A block of one parameter tensor of the whole model. */
export interface Shard {
  readonly layer: string;
  /** Index of the layer in the graph. */
  readonly index: number;
  readonly role: ParameterRole;
  readonly value: Value;
  readonly momentum?: Value;
  /** The weights in the type that the network multiplies with, where that is not their own; the update keeps it. */
  readonly copy?: Value;
  /** The whole model's tensor as K×R×S×C (C: input channels of a group); a vector is 1×1×1×K, its parts told apart by channelOffset. */
  readonly whole: Shape;
  readonly kernelOffset: number;
  readonly channelOffset: number;
  /** Place among the step's learning rates: two a layer that learns, weights (or scale) then biases (or shift). */
  readonly rate: number;
}

/** One device's part of a learned layer: its kernels, one weight block per range of input maps it reads. */
export interface DeviceParameters {
  readonly range: MapRange;
  readonly weights: readonly { readonly source: MapRange | 'image'; readonly shard: Shard }[];
  readonly bias: Shard;
}

/** One device's part of a batch normalisation: a number a map. */
export interface NormParameters {
  readonly range: MapRange;
  readonly scale: Shard;
  readonly shift: Shard;
  readonly runningMean: Shard;
  readonly runningVariance: Shard;
}

/** Input ranges the kernels of `range` read: its own half, or every device's, its own first (it needs no waiting). */
function sources(layer: PartitionedLayer, range: MapRange): (MapRange | 'image')[] {
  if (layer.inputRanges === 'everywhere') return ['image'];
  const own = layer.inputRanges.filter((input) => input.device === range.device);
  if (layer.ownMapsOnly) return own;
  return [...own, ...layer.inputRanges.filter((input) => input.device !== range.device)];
}

export interface Parameters {
  /** Of learned layers by name, a part for each device that holds maps. */
  readonly products: ReadonlyMap<string, readonly DeviceParameters[]>;
  /** Of batch normalisations likewise. */
  readonly norms: ReadonlyMap<string, readonly NormParameters[]>;
  readonly shards: readonly Shard[];
}

export interface LayOutOptions {
  readonly withMomentum: boolean;
  readonly connectedInBfloat16: boolean;
}

class Layout {
  readonly products = new Map<string, DeviceParameters[]>();
  readonly norms = new Map<string, NormParameters[]>();
  readonly shards: Shard[] = [];

  constructor(
    private readonly builder: PlanBuilder,
    private readonly options: LayOutOptions,
  ) {}

  /** `place`: of the layer among those that training changes. */
  add(layer: PartitionedLayer, place: number): void {
    const { name } = layer.layer;
    if (layer.weights)
      this.products.set(
        name,
        layer.ranges.map((range) => this.learned(layer, layer.weights ?? [0, 0, 0, 0], place, range)),
      );
    else if (layer.layer.kind === 'batch_norm')
      this.norms.set(
        name,
        layer.ranges.map((range) => {
          const own = (role: ParameterRole): Shard => this.vector(layer, place, range, role);
          return {
            range,
            scale: own('scale'),
            shift: own('shift'),
            runningMean: own('running_mean'),
            runningVariance: own('running_variance'),
          };
        }),
      );
  }

  private learned(
    layer: PartitionedLayer,
    [kernels, channels, rows, columns]: WeightShape,
    place: number,
    range: MapRange,
  ): DeviceParameters {
    const weights = sources(layer, range).map((source) => {
      // With groups each kernel sees its own group's channels only, all of which lie on its device.
      const whole = source === 'image' || layer.ownMapsOnly;
      const shape = [size(range), rows, columns, whole ? channels : size(source)] as const;
      return {
        source,
        shard: this.shard(layer, place, range.device, 'weight', shape, {
          whole: [kernels, rows, columns, channels],
          kernelOffset: range.from,
          channelOffset: whole ? 0 : source.from,
        }),
      };
    });
    return { range, weights, bias: this.vector(layer, place, range, 'bias') };
  }

  /** A number a map. */
  private vector(layer: PartitionedLayer, place: number, range: MapRange, role: ParameterRole): Shard {
    return this.shard(layer, place, range.device, role, [1, 1, 1, size(range)], {
      whole: [1, 1, 1, layer.output.channels],
      kernelOffset: 0,
      channelOffset: range.from,
    });
  }

  private shard(
    { layer, index }: PartitionedLayer,
    place: number,
    device: number,
    role: ParameterRole,
    shape: Shape,
    where: Pick<Shard, 'whole' | 'kernelOffset' | 'channelOffset'>,
  ): Shard {
    const { builder } = this;
    const name = `${layer.name}.${role}`;
    const copyType = role === 'weight' ? this.copyType(layer) : 'float32';
    const value = builder.value(device, 'weights', name, shape);
    const copy =
      copyType === 'float32' ? undefined : builder.value(device, 'weights', `${name} copy`, shape, copyType);
    const momentum =
      this.options.withMomentum && isTrained(role)
        ? builder.value(device, 'momentum', `${name} momentum`, shape)
        : undefined;
    const made: Shard = {
      layer: layer.name,
      index,
      role,
      value,
      ...(momentum && { momentum }),
      ...(copy && { copy }),
      ...where,
      rate: 2 * place + (role === 'weight' || role === 'scale' ? 0 : 1),
    };
    this.shards.push(made);
    return made;
  }

  private copyType({ kind }: Layer): DType {
    return this.options.connectedInBfloat16 && kind === 'fully_connected' ? 'bfloat16' : this.builder.numbers;
  }
}

/** Weights first and momentum last, so that training and inference find weights and mean in the same place. */
export function layOutParameters(
  builder: PlanBuilder,
  layers: readonly PartitionedLayer[],
  options: LayOutOptions,
): Parameters {
  const layout = new Layout(builder, options);
  layers
    .filter(({ tensors }) => tensors.length > 0)
    .forEach((layer, place) => {
      layout.add(layer, place);
    });
  return layout;
}

/** What convolutions read of a weight shard. */
export const multiplied = (shard: Shard): Value => shard.copy ?? shard.value;
