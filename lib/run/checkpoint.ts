/** What a checkpoint holds: the whole model, how it was trained so far, and everything that classifying needs. */

import { AlexNetError } from '../errors.js';
import { readCheckpoint, writeAtomically, type NamedTensor } from '../formats/checkpoint-file.js';
import type { TensorData } from '../formats/safetensors.js';
import type { Graph, Preprocessing } from '../graph/graph.js';
import { isTrained } from '../graph/parameters.js';
import { layerShapes } from '../graph/shapes.js';
import type { TrainingState } from './training-state.js';

export interface ModelDescription {
  readonly graph: Graph;
  readonly preprocessing: Preprocessing;
  readonly classes: readonly string[];
}

export interface Checkpoint extends ModelDescription {
  /** Whole-model tensors by name, weights as O×I×H×W. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** store × store × 3 (mean image) or 3 (mean colour), RGB. */
  readonly mean: Float32Array;
  readonly momentum?: ReadonlyMap<string, Float32Array>;
  readonly training?: TrainingState;
}

const format = 'alexnet-native 1';
const prefixes = { value: '', momentum: 'momentum.' } as const;

/** Name → shape of every parameter of a graph, or of those that have momentum. */
export const parameterShapes = (
  graph: Graph,
  of: 'value' | 'momentum' = 'value',
): Map<string, readonly number[]> =>
  new Map(
    layerShapes(graph)
      .flatMap(({ tensors }) => tensors)
      .filter(({ role }) => of === 'value' || isTrained(role))
      .map(({ name, shape }) => [name, shape]),
  );

/** Whether all numbers are; a loop, for a model has 60 million. */
function allFinite(numbers: Float32Array): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false;
  return true;
}

export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { graph, preprocessing, classes, training } = checkpoint;
  const tensors: NamedTensor[] = [];
  const add = (of: 'value' | 'momentum', from: ReadonlyMap<string, Float32Array>): void => {
    for (const [name, shape] of parameterShapes(graph, of)) {
      const data = from.get(name);
      if (data) tensors.push({ name: prefixes[of] + name, shape, data });
    }
  };
  add('value', checkpoint.parameters);
  const side = Math.sqrt(checkpoint.mean.length / 3);
  tensors.push({ name: 'mean', shape: side === 1 ? [3] : [side, side, 3], data: checkpoint.mean });
  if (checkpoint.momentum) add('momentum', checkpoint.momentum);
  await writeAtomically(path, tensors, {
    format,
    graph: JSON.stringify(graph),
    preprocessing: JSON.stringify(preprocessing),
    classes: JSON.stringify(classes),
    ...(training && { training: JSON.stringify(training) }),
  });
}

/** 'float32', 'float64', … */
const elementOf = (data: TensorData): string => data.constructor.name.replace('Array', '').toLowerCase();

export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const file = await readCheckpoint(path);
  if (file.metadata['format'] !== format) {
    throw new AlexNetError(
      'CHECKPOINT',
      `${path}: expected a checkpoint of this program, received another safetensors file`,
    );
  }
  // This program always writes a sum: without one, the part of the header that holds it has been damaged.
  if (!file.verified) {
    throw new AlexNetError(
      'CHECKPOINT',
      `${path} is damaged: its checksum is missing; use another checkpoint`,
    );
  }
  const parsed = <T>(key: string): T => {
    try {
      return JSON.parse(file.metadata[key] ?? '') as T;
    } catch {
      throw new AlexNetError('CHECKPOINT', `${path}: ${key} is missing or damaged`);
    }
  };
  const graph = parsed<Graph>('graph');
  const take = (of: 'value' | 'momentum'): Map<string, Float32Array> | undefined => {
    const prefix = prefixes[of];
    const shapes = parameterShapes(graph, of);
    const found = new Map<string, Float32Array>();
    for (const [name, shape] of shapes) {
      const tensor = file.tensors.get(prefix + name);
      if (!tensor) continue;
      if (!(tensor.data instanceof Float32Array) || tensor.shape.join() !== shape.join()) {
        throw new AlexNetError(
          'CHECKPOINT',
          `${path}: expected ${shape.join('×')} float32 for ${prefix}${name}, received ${tensor.shape.join('×')} ${elementOf(tensor.data)}`,
        );
      }
      if (of === 'value' && !allFinite(tensor.data)) {
        throw new AlexNetError(
          'CHECKPOINT',
          `${path}: expected finite numbers in ${name}, received NaN or infinity; use another checkpoint`,
        );
      }
      found.set(name, tensor.data);
    }
    if (found.size > 0 && found.size < shapes.size) {
      const missing = [...shapes.keys()].filter((name) => !found.has(name)).map((name) => prefix + name);
      const named = missing.length > 3 ? `${missing.slice(0, 3).join(', ')} and others` : missing.join(', ');
      throw new AlexNetError('CHECKPOINT', `${path}: ${named} missing; use another checkpoint`);
    }
    return found.size > 0 ? found : undefined;
  };
  const parameters = take('value');
  const mean = file.tensors.get('mean')?.data;
  if (!parameters || !(mean instanceof Float32Array)) {
    throw new AlexNetError('CHECKPOINT', `${path}: the model's tensors or its mean are missing`);
  }
  const momentum = take('momentum');
  return {
    graph,
    preprocessing: parsed<Preprocessing>('preprocessing'),
    classes: parsed<string[]>('classes'),
    parameters,
    mean,
    ...(momentum && { momentum }),
    ...(file.metadata['training'] && { training: parsed<TrainingState>('training') }),
  };
}
