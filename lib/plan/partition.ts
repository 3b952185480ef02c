/**
 * Which device holds which maps. On one device, all. On two, each learned layer's maps are halved as in the paper
 * (section 3.2), but for the last layer, which device 0 computes whole from both halves.
 */

import { AlexNetError } from '../errors.js';
import { isLearned, unknownLayer, type Graph, type LearnedLayer, type LocalLayer } from '../graph/graph.js';
import { layerShapes, type LayerShape } from '../graph/shapes.js';

export interface MapRange {
  readonly device: number;
  readonly from: number;
  readonly to: number;
}

export interface PartitionedLayer extends LayerShape {
  readonly index: number;
  /** Where its output maps are; a device without any is absent. */
  readonly ranges: readonly MapRange[];
  /** Where its input maps are; 'everywhere' for the image, which every device holds whole. */
  readonly inputRanges: readonly MapRange[] | 'everywhere';
  /** Learned layers: whether each device reads only its own input maps. */
  readonly ownMapsOnly: boolean;
}

export const size = (range: MapRange): number => range.to - range.from;

function halves(name: string, maps: number, devices: number): MapRange[] {
  if (maps % devices !== 0) {
    throw new AlexNetError(
      'GRAPH',
      `layer ${name}: ${maps} maps cannot be shared out over ${devices} devices`,
    );
  }
  const each = maps / devices;
  return Array.from({ length: devices }, (_, device) => ({
    device,
    from: device * each,
    to: (device + 1) * each,
  }));
}

function groupsOf(layer: LearnedLayer): number {
  switch (layer.kind) {
    case 'convolution':
      return layer.groups;
    case 'fully_connected':
      return 1;
    default:
      return unknownLayer(layer);
  }
}

/** Refuses a layer whose output maps need input maps of other devices. */
function checkLocal(graph: Graph, layer: LocalLayer, devices: number): void {
  switch (layer.kind) {
    case 'lrn':
      if (devices === 1 || layer.groups % devices === 0) return;
      throw new AlexNetError(
        'GRAPH',
        `layer ${layer.name} of ${graph.name} normalises across all maps, so its maps cannot be on ${devices} ` +
          'devices; use one device',
      );
    case 'activation':
    case 'map_norm':
    case 'batch_norm':
    case 'max_pool':
    case 'dropout':
      return;
    default:
      unknownLayer(layer);
  }
}

export function partition(graph: Graph, devices: number): PartitionedLayer[] {
  const shapes = layerShapes(graph);
  const lastLearned = shapes.findLastIndex((shape) => shape.weights);
  let held: readonly MapRange[] | 'everywhere' = 'everywhere';
  return shapes.map((shape, index) => {
    const { layer, output } = shape;
    const inputRanges = held;
    if (isLearned(layer)) {
      const groups = groupsOf(layer);
      if (devices > 1 && groups > 1 && (groups % devices !== 0 || inputRanges === 'everywhere')) {
        throw new AlexNetError(
          'GRAPH',
          `layer ${layer.name}: ${groups} groups cannot be shared out over ${devices} devices`,
        );
      }
      held =
        index === lastLearned
          ? [{ device: 0, from: 0, to: output.channels }]
          : halves(layer.name, output.channels, devices);
      return {
        ...shape,
        index,
        inputRanges,
        ranges: held,
        ownMapsOnly: inputRanges === 'everywhere' || groups > 1,
      };
    }
    if (held === 'everywhere') {
      throw new AlexNetError(
        'GRAPH',
        `layer ${layer.name}: the first layer has to be a convolution or fully connected`,
      );
    }
    checkLocal(graph, layer, held.length);
    return { ...shape, index, inputRanges, ranges: held, ownMapsOnly: true };
  });
}
