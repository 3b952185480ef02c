/** The tensors that layers keep from step to step: of the whole model, in the ecosystem's order, under PyTorch's names. */

import { unknownLayer, type Layer, type LayerExtent, type LearnedLayer } from './graph.js';

export type WeightShape = readonly [out: number, input: number, rows: number, columns: number];

/** Scale and shift are batch normalisation's γ and β; its running statistics are what inference normalises with. */
export type ParameterRole = 'weight' | 'bias' | 'scale' | 'shift' | 'running_mean' | 'running_variance';

export interface Parameter {
  /** 'conv1.weight' */
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
}

const publicRoles = {
  weight: 'weight',
  bias: 'bias',
  scale: 'weight',
  shift: 'bias',
  running_mean: 'running_mean',
  running_variance: 'running_var',
} as const satisfies Record<ParameterRole, string>;

const trained = {
  weight: true,
  bias: true,
  scale: true,
  shift: true,
  running_mean: false,
  running_variance: false,
} as const satisfies Record<ParameterRole, boolean>;

/** Whether gradients change it. Statistics are measured: they have no momentum. */
export const isTrained = (role: ParameterRole): boolean => trained[role];

export const parameterName = (layer: string, role: ParameterRole): string => `${layer}.${publicRoles[role]}`;

/** Output × input channels of a group × rows × columns. A fully connected layer's window is its whole input. */
export function weightsOf(layer: LearnedLayer, input: LayerExtent): WeightShape {
  switch (layer.kind) {
    case 'convolution':
      return [layer.maps, input.channels / layer.groups, layer.kernel, layer.kernel];
    case 'fully_connected':
      return [layer.units, input.channels, input.height, input.width];
    default:
      return unknownLayer(layer);
  }
}

export function parametersOf(layer: Layer, input: LayerExtent): Parameter[] {
  const tensors = (shapes: Partial<Record<ParameterRole, readonly number[]>>): Parameter[] =>
    Object.entries(shapes).map(([role, shape]) => ({
      name: parameterName(layer.name, role as ParameterRole),
      role: role as ParameterRole,
      shape,
    }));
  switch (layer.kind) {
    case 'convolution': {
      const weight = weightsOf(layer, input);
      return tensors({ weight, bias: [weight[0]] });
    }
    case 'fully_connected': {
      // As in PyTorch O×I, the input flattened C×H×W.
      const [out, channels, rows, columns] = weightsOf(layer, input);
      return tensors({ weight: [out, channels * rows * columns], bias: [out] });
    }
    case 'batch_norm': {
      const each = [input.channels];
      return tensors({ scale: each, shift: each, running_mean: each, running_variance: each });
    }
    case 'activation':
    case 'lrn':
    case 'map_norm':
    case 'max_pool':
    case 'dropout':
      return [];
    default:
      return unknownLayer(layer);
  }
}
