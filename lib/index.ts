/**
 * alexnet-native: train, evaluate and embed AlexNet from Node.
 *
 *     import { train, loadModel } from 'alexnet-native';
 *     for await (const event of train({ data: 'photos', preset: 'mini' })) console.log(event);
 *     await using model = await loadModel('runs/mini-1');
 *     console.log(await model.classify(['cat.jpg']));
 */

export { AlexNetError, type ErrorCode } from './errors.js';
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
  type EvaluateOptions,
  type Evaluation,
  type Skipped,
} from './model.js';
export {
  recipes,
  type Augmentation,
  type Initialisation,
  type Recipe,
  type Schedule,
} from './train/recipe.js';
export { train } from './train/train.js';
export type { ErrorRates, TrainEvent, TrainOptions, TrainResult } from './train/types.js';
