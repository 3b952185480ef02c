/** What a command costs: arithmetic and memory traffic, known before anything runs. */

import { unreachable } from '../unreachable.js';
import { bytesOf } from './commands.js';
import { elements, type Draft, type Value } from './builder.js';
import { operands } from './memory.js';

export interface Cost {
  readonly flops: number;
  /** Bytes read and written if every operand travels once. */
  readonly bytes: number;
}

const bytes = (value: Value): number => elements(value.shape) * bytesOf[value.dtype];

/** Operations an element, for the ops that are bound by memory anyway; a power counts as 10. */
const perElement = {
  lrn: 14,
  pool: 9,
  mapNorm: 60,
  batchNorm: 4,
  softmax: 12,
  sgd: 5,
  preprocess: 4,
} as const;

export function cost(command: Draft): Cost {
  if (command.op === 'transfer' || command.op === 'wait') return { flops: 0, bytes: 0 };
  const traffic = operands(command).reduce((sum, value) => sum + bytes(value), 0);
  return { flops: flops(command), bytes: traffic };
}

function flops(command: Draft): number {
  switch (command.op) {
    case 'convolution_forward':
      return 2 * elements(command.y.shape) * (elements(command.w.shape) / command.w.shape[0]);
    case 'convolution_backward_data':
      return 2 * elements(command.dy.shape) * (elements(command.w.shape) / command.w.shape[0]);
    case 'convolution_backward_weights':
      return 2 * elements(command.dy.shape) * (elements(command.dw.shape) / command.dw.shape[0]);
    case 'convolution_update':
      return (
        2 * elements(command.dy.shape) * (elements(command.w.shape) / command.w.shape[0]) +
        perElement.sgd * elements(command.w.shape)
      );
    case 'lrn_forward':
    case 'lrn_pool_forward':
      return perElement.lrn * elements(command.x.shape);
    case 'lrn_backward':
    case 'lrn_pool_backward':
      return 2 * perElement.lrn * elements(command.x.shape);
    case 'map_norm_forward':
      return perElement.mapNorm * elements(command.x.shape);
    case 'map_norm_backward':
      return 2 * perElement.mapNorm * elements(command.x.shape);
    case 'batch_norm_inference':
      return perElement.batchNorm * elements(command.x.shape);
    case 'batch_norm_forward':
    case 'batch_norm_backward':
      return 2 * perElement.batchNorm * elements(command.x.shape);
    case 'max_pool_forward':
      return command.poolSize ** 2 * elements(command.y.shape);
    case 'max_pool_backward':
      return command.poolSize ** 2 * elements(command.dy.shape);
    case 'softmax_cross_entropy':
      return perElement.softmax * elements(command.logits.shape);
    case 'sgd':
      return command.segments.reduce((sum, segment) => sum + perElement.sgd * elements(segment.w.shape), 0);
    case 'preprocess':
      return perElement.preprocess * elements(command.y.shape);
    case 'sum':
      return (command.xs.length - 1) * elements(command.y.shape);
    case 'activation_backward':
      return elements(command.dx.shape);
    case 'activation_forward':
    case 'dropout':
    case 'scale':
      return elements(command.y.shape);
    case 'fill':
    case 'gaussian':
    case 'copy':
    case 'transfer':
    case 'wait':
      return 0;
    default:
      return unreachable(command);
  }
}
