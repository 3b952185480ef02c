/**
 * alexnet-native: train, evaluate and embed AlexNet from Node.
 *
 *     import { train, loadModel } from 'alexnet-native';
 *     for await (const event of train({ data: 'photos', preset: 'mini' })) console.log(event);
 *     await using model = await loadModel('runs/mini-1');
 *     console.log(await model.classify(['cat.jpg']));
 */

export type { Parts } from './data/sources/parts.js';
export type { ClassName } from './data/sources/types.js';
export type { PrepareProgress, PrepareResult } from './data/store/prepare.js';
export { openStore, type OpenOptions } from './data/store/reader.js';
export type { Encoding, ImageStore, Range, RecordOptions, SkippedItem } from './data/store/types.js';
export { AlexNetError, type ErrorCode } from './errors.js';
export type { EvaluateOptions, Evaluation, Skipped } from './evaluate/evaluate.js';
export type * from './graph/graph.js';
export { preset, presetNames, type Preset, type PresetName } from './graph/presets.js';
export { classCount, graphTotals, layerShapes, type LayerShape } from './graph/shapes.js';
export {
  createModel,
  loadModel,
  Model,
  type Classification,
  type ClassifyOptions,
  type CreateOptions,
  type DeviceOptions,
  type Embedding,
} from './model.js';
export { prepare, type PrepareOptions } from './prepare.js';
export { recipes } from './train/recipes.js';
export type { Initialisation } from './runtime/initialise.js';
export type { Augmentation, Recipe, Schedule } from './run/recipe.js';
export { train } from './train/train.js';
export type { TrainEvent, TrainOptions, TrainResult } from './train/types.js';
export type { ErrorRates } from './run/training-state.js';
