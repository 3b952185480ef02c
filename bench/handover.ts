/** What a peer needs to infer what we infer: the same weights and the same images, in files. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeHeader } from '../lib/formats/safetensors.js';
import { isLearned, type Graph, type Preprocessing } from '../lib/graph/graph.js';
import { parameterShapes } from '../lib/run/checkpoint.js';
import { onnxModel, type OnnxTensor } from './onnx.js';

export interface Handover {
  /** safetensors: out × in × rows × columns, dropout's factor in the weights behind it. */
  readonly weights: string;
  /** float32, batch × 3 × side × side, with the first layer's padding. */
  readonly input: string;
  readonly side: number;
  readonly models: Readonly<Record<'operator' | 'roots', string>>;
}

/** The factor of a dropout layer, which we apply to its output, in the weights that read it. */
export function foldedWeights(
  graph: Graph,
  parameters: ReadonlyMap<string, Float32Array>,
): Map<string, OnnxTensor> {
  const found = new Map<string, OnnxTensor>();
  const shapes = parameterShapes(graph);
  const add = (name: string, factor: number): void => {
    const data = parameters.get(name) ?? new Float32Array();
    found.set(name, {
      shape: shapes.get(name) ?? [],
      data: factor === 1 ? data : data.map((value) => value * factor),
    });
  };
  let kept = 1;
  for (const layer of graph.layers) {
    if (layer.kind === 'dropout') kept *= 1 - layer.rate;
    if (isLearned(layer)) {
      add(`${layer.name}.weight`, kept);
      add(`${layer.name}.bias`, 1);
      kept = 1;
    } else if (layer.kind === 'batch_norm') {
      for (const role of ['weight', 'bias', 'running_mean', 'running_var']) add(`${layer.name}.${role}`, 1);
    }
  }
  return found;
}

/** The centre crops without the mean, channels slowest, zeros around them. */
export function paddedInput(
  graph: Graph,
  { store, crop, deviation }: Preprocessing,
  images: Uint8Array,
  mean: number,
): { readonly side: number; readonly data: Float32Array } {
  const [first] = graph.layers;
  const [top, left, bottom] = first?.kind === 'convolution' ? first.padding : [0, 0, 0];
  const side = crop + top + bottom;
  const corner = (store - crop) >> 1;
  const batch = images.length / (store * store * 3);
  const data = new Float32Array(batch * 3 * side * side);
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < crop; y++) {
      for (let x = 0; x < crop; x++) {
        const from = ((n * store + corner + y) * store + corner + x) * 3;
        const to = (n * 3 * side + top + y) * side + left + x;
        for (let c = 0; c < 3; c++)
          data[to + c * side * side] = ((images[from + c] as number) - mean) / (deviation[c] as number);
      }
    }
  }
  return { side, data };
}

/** Writes all files into a folder; 0.7 GB with the paper's network, and the images. */
export function handOver(
  folder: string,
  graph: Graph,
  parameters: ReadonlyMap<string, Float32Array>,
  input: ReturnType<typeof paddedInput>,
): Handover {
  const weights = foldedWeights(graph, parameters);
  const tensors = [...weights].map(([name, value]) => ({ name, ...value }));
  const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength);
  const written = (name: string, data: Uint8Array): string => {
    const file = join(folder, name);
    writeFileSync(file, data);
    return file;
  };
  const { side, data } = input;
  const batch = data.length / (3 * side * side);
  const model = (lrn: 'operator' | 'roots'): string =>
    written(`${lrn}.onnx`, onnxModel({ graph, batch, side, weights, lrn }));
  return {
    weights: written(
      'weights.safetensors',
      Buffer.concat([encodeHeader(tensors, {}), ...tensors.map((each) => bytesOf(each.data))]),
    ),
    input: written('input', bytesOf(data)),
    side,
    models: { operator: model('operator'), roots: model('roots') },
  };
}
