/** The parts of weights and biases that each device holds. */

import type { Layer } from '../graph/graph.js';
import type { ParameterRole } from '../graph/parameters.js';
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
  /** The whole model's tensor as K×R×S×C (C: input channels of a group); a bias is 1×1×1×K. */
  readonly whole: Shape;
  readonly kernelOffset: number;
  readonly channelOffset: number;
  /** Place among the step's learning rates: two a learned layer, weights then biases. */
  readonly rate: number;
}

/** One device's part of a learned layer: its kernels, one weight block per range of input maps it reads. */
export interface DeviceParameters {
  readonly range: MapRange;
  readonly weights: readonly { readonly source: MapRange | 'image'; readonly shard: Shard }[];
  readonly bias: Shard;
}

/** Input ranges the kernels of `range` read: its own half, or every device's, its own first (it needs no waiting). */
function sources(layer: PartitionedLayer, range: MapRange): (MapRange | 'image')[] {
  if (layer.inputRanges === 'everywhere') return ['image'];
  const own = layer.inputRanges.filter((input) => input.device === range.device);
  if (layer.ownMapsOnly) return own;
  return [...own, ...layer.inputRanges.filter((input) => input.device !== range.device)];
}

/** Weights first and momentum last, so that training and inference find weights and mean in the same place. */
export function layOutParameters(
  builder: PlanBuilder,
  layers: readonly PartitionedLayer[],
  withMomentum: boolean,
  connectedInBfloat16: boolean,
): DeviceParameters[][] {
  const learned = layers.filter((layer) => layer.weights);
  const copyType = ({ kind }: Layer): DType =>
    connectedInBfloat16 && kind === 'fully_connected' ? 'bfloat16' : builder.numbers;
  const make = (role: ParameterRole, layer: Layer, device: number, shape: Shape) => ({
    value: builder.value(device, 'weights', `${layer.name}.${role}`, shape),
    copy:
      role === 'weight' && copyType(layer) !== 'float32'
        ? builder.value(device, 'weights', `${layer.name}.${role} copy`, shape, copyType(layer))
        : undefined,
    momentum: withMomentum
      ? builder.value(device, 'momentum', `${layer.name}.${role} momentum`, shape)
      : undefined,
  });
  return learned.map((layer, place) =>
    layer.ranges.map((range) => {
      const [kernels, channels, rows, columns] = layer.weights ?? [0, 0, 0, 0];
      const name = layer.layer.name;
      const shard = (
        role: ParameterRole,
        shape: Shape,
        whole: Shape,
        from: number,
        channel: number,
      ): Shard => {
        const { value, momentum, copy } = make(role, layer.layer, range.device, shape);
        return {
          layer: name,
          index: layer.index,
          role,
          value,
          ...(momentum && { momentum }),
          ...(copy && { copy }),
          whole,
          kernelOffset: from,
          channelOffset: channel,
          rate: 2 * place + (role === 'bias' ? 1 : 0),
        };
      };
      const weights = sources(layer, range).map((source) => {
        // With groups each kernel sees its own group's channels only, all of which lie on its device.
        const whole = source === 'image' || layer.ownMapsOnly;
        const width = whole ? channels : size(source);
        return {
          source,
          shard: shard(
            'weight',
            [size(range), rows, columns, width],
            [kernels, rows, columns, channels],
            range.from,
            whole ? 0 : source.from,
          ),
        };
      });
      const bias = shard('bias', [1, 1, 1, size(range)], [1, 1, 1, kernels], range.from, 0);
      return { range, weights, bias };
    }),
  );
}

/** What convolutions read of a weight shard. */
export const multiplied = (shard: Shard): Value => shard.copy ?? shard.value;
