/** A layer's parameters as a device's commands have them. */

import { unknownLayer, type LearnedLayer, type LrnParameters, type MaxPoolLayer } from '../graph/graph.js';
import type { ConvolutionGeometry, PoolParameters } from './commands.js';

/** LRN's groups as one device sees them. */
export const ownGroups = (lrn: LrnParameters, devices: number): LrnParameters => ({
  size: lrn.size,
  k: lrn.k,
  alpha: lrn.alpha,
  beta: lrn.beta,
  groups: lrn.groups / devices,
});

/** A fully connected layer's window is its whole input. */
export function geometryOf(layer: LearnedLayer, devices: number): Omit<ConvolutionGeometry, 'products'> {
  switch (layer.kind) {
    case 'convolution': {
      const { stride, padding, groups } = layer;
      return { stride, padding, groups: groups > 1 ? groups / devices : 1 };
    }
    case 'fully_connected':
      return { stride: 1, padding: [0, 0, 0, 0], groups: 1 };
    default:
      return unknownLayer(layer);
  }
}

export const poolParameters = ({ size, stride }: MaxPoolLayer): PoolParameters => ({
  poolSize: size,
  poolStride: stride,
});
