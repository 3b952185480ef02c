/** Shapes, parameters and cost of a graph's layers, for one image. */

import { AlexNetError } from '../errors.js';
import { isLearned, unknownLayer, type Graph, type Layer, type LayerExtent } from './graph.js';
import { isTrained, parametersOf, weightsOf, type Parameter, type WeightShape } from './parameters.js';

export interface LayerShape {
  readonly layer: Layer;
  readonly input: LayerExtent;
  readonly output: LayerExtent;
  /** Weights as out × in × rows × columns, for learned layers. */
  readonly weights?: WeightShape;
  /** What it keeps from step to step. */
  readonly tensors: readonly Parameter[];
  /** Numbers that training changes. */
  readonly parameters: number;
  /** Multiplications and additions of the forward pass (2 a multiply-add) of one image; 0 for layers without weights. */
  readonly flops: number;
}

const count = (extent: LayerExtent): number => extent.height * extent.width * extent.channels;

function fail(graph: Graph, layer: Layer, problem: string): never {
  throw new AlexNetError('GRAPH', `${graph.name}: layer ${layer.name}: ${problem}`);
}

function outputOf(graph: Graph, layer: Layer, input: LayerExtent): LayerExtent {
  const shown = `${input.height}×${input.width}×${input.channels}`;
  switch (layer.kind) {
    case 'convolution': {
      const [top, left, bottom, right] = layer.padding;
      if (input.channels % layer.groups !== 0 || layer.maps % layer.groups !== 0) {
        fail(
          graph,
          layer,
          `${layer.groups} groups must divide ${input.channels} input and ${layer.maps} output maps`,
        );
      }
      const height = Math.floor((input.height + top + bottom - layer.kernel) / layer.stride) + 1;
      const width = Math.floor((input.width + left + right - layer.kernel) / layer.stride) + 1;
      if (height < 1 || width < 1)
        fail(graph, layer, `a ${layer.kernel}×${layer.kernel} kernel does not fit into ${shown}`);
      return { height, width, channels: layer.maps };
    }
    case 'fully_connected':
      return { height: 1, width: 1, channels: layer.units };
    case 'max_pool': {
      const round = layer.round === 'up' ? Math.ceil : Math.floor;
      const height = round((input.height - layer.size) / layer.stride) + 1;
      const width = round((input.width - layer.size) / layer.stride) + 1;
      if (height < 1 || width < 1)
        fail(graph, layer, `a ${layer.size}×${layer.size} window does not fit into ${shown}`);
      return { height, width, channels: input.channels };
    }
    case 'lrn':
      if (input.channels % layer.groups !== 0)
        fail(graph, layer, `${layer.groups} groups must divide ${input.channels} maps`);
      return input;
    case 'activation':
    case 'map_norm':
    case 'batch_norm':
    case 'dropout':
      return input;
    default:
      return unknownLayer(layer);
  }
}

export function layerShapes(graph: Graph): LayerShape[] {
  const names = new Set<string>();
  for (const layer of graph.layers) {
    if (names.has(layer.name))
      fail(graph, layer, 'expected a name of its own, received that of another layer');
    names.add(layer.name);
  }
  let input: LayerExtent = graph.input;
  return graph.layers.map((layer) => {
    const output = outputOf(graph, layer, input);
    const tensors = parametersOf(layer, input);
    const parameters = tensors
      .filter(({ role }) => isTrained(role))
      .reduce((sum, { shape }) => sum + shape.reduce((all, one) => all * one, 1), 0);
    const base = { layer, input, output, tensors, parameters };
    const from = input;
    input = output;
    if (!isLearned(layer)) return { ...base, flops: 0 };
    const weights = weightsOf(layer, from);
    return { ...base, weights, flops: 2 * count(output) * weights[1] * weights[2] * weights[3] };
  });
}

/** Layers with learning rates of their own, in order. */
export const trainedLayers = (graph: Graph): readonly Layer[] =>
  layerShapes(graph).flatMap(({ layer, tensors }) => (tensors.length > 0 ? [layer] : []));

/** Classes the network tells apart: the size of its last layer. */
export function classCount(graph: Graph): number {
  const last = layerShapes(graph).at(-1);
  if (!last) throw new AlexNetError('GRAPH', `${graph.name}: the graph has no layers`);
  return count(last.output);
}

export interface GraphTotals {
  readonly parameters: number;
  /** Outputs of the learned layers, the paper's "neurons". */
  readonly neurons: number;
  readonly forwardFlops: number;
  /** Forward and backward; the first layer has no gradient with respect to its input. */
  readonly trainingFlops: number;
}

export function graphTotals(graph: Graph): GraphTotals {
  const shapes = layerShapes(graph);
  const learned = shapes.filter((shape) => shape.weights);
  const forwardFlops = learned.reduce((sum, shape) => sum + shape.flops, 0);
  return {
    parameters: shapes.reduce((sum, shape) => sum + shape.parameters, 0),
    neurons: learned.reduce((sum, shape) => sum + count(shape.output), 0),
    forwardFlops,
    trainingFlops: 3 * forwardFlops - (learned[0]?.flops ?? 0),
  };
}
