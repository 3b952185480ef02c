/** Initial weights: commands that draw each device's part of them, the same for any number of devices. */

import { isLearned, type Graph, type Preprocessing } from '../graph/graph.js';
import { layerShapes } from '../graph/shapes.js';
import type { Command, Op, Tensor } from '../plan/commands.js';
import type { Plan } from '../plan/plan.js';
import type { Seed } from '../random/philox.js';
import type { Network } from './network.js';
import { streams } from '../random/streams.js';
import { unreachable } from '../unreachable.js';

export type Initialisation = 'paper' | 'caffe' | 'authors' | 'he';
export const initialisations: readonly Initialisation[] = ['paper', 'caffe', 'authors', 'he'];

interface InitialValues {
  readonly deviation: number;
  readonly bias: number;
}

/** Spread of centred pixels in grey levels, about: what 'he' allows for in the first layer. */
const pixelSpread = 64;

/** Layers whose biases start at 1 in the paper (section 5), 0.1 in Caffe: conv2, conv4, conv5 and the hidden fc's. */
const positiveBiases = new Set(['conv2', 'conv4', 'conv5', 'fc6', 'fc7']);

function initialValues(
  graph: Graph,
  preprocessing: Pick<Preprocessing, 'deviation'>,
  scheme: Initialisation,
): Map<string, InitialValues> {
  const learned = layerShapes(graph).filter(({ layer }) => isLearned(layer));
  return new Map(
    learned.map(({ layer, weights }, place): [string, InitialValues] => {
      const { name } = layer;
      const positive = positiveBiases.has(name);
      switch (scheme) {
        case 'paper':
          return [name, { deviation: 0.01, bias: positive ? 1 : 0 }];
        case 'authors':
          return [name, { deviation: /^conv[345]$/.test(name) ? 0.03 : 0.01, bias: positive ? 1 : 0 }];
        case 'caffe':
          return [name, { deviation: /^fc[67]$/.test(name) ? 0.005 : 0.01, bias: positive ? 0.1 : 0 }];
        case 'he': {
          // He et al., 2015: variance 2 / fan-in keeps ReLU's output as spread as its input.
          const [, channels, rows, columns] = weights ?? [1, 1, 1, 1];
          const deviation = Math.sqrt(2 / (channels * rows * columns));
          if (place === 0)
            return [name, { deviation: (deviation * preprocessing.deviation[1]) / pixelSpread, bias: 0 }];
          // A small start of the classifier: the first predictions are even, the first loss is ln(classes).
          if (place === learned.length - 1) return [name, { deviation: 0.01, bias: 0 }];
          return [name, { deviation, bias: 0 }];
        }
      }
    }),
  );
}

export interface Start {
  readonly graph: Graph;
  readonly preprocessing: Pick<Preprocessing, 'deviation'>;
  readonly scheme: Initialisation;
  readonly seed: Seed;
}

/** Commands that draw the weights, set the biases, and clear the momentum where there is one; a list a device. */
export function initialCommands(plan: Plan, { graph, preprocessing, scheme, seed }: Start): Command[][] {
  const values = initialValues(graph, preprocessing, scheme);
  const lists: Command[][] = plan.lists.map(() => []);
  for (const shard of plan.shards) {
    const { layer: label, whole, kernelOffset, channelOffset } = shard;
    const { device, tensor: y } = plan.place(shard.value);
    const emit = (command: Op): void => void lists[device]?.push({ ...command, label });
    const fill = (tensor: Tensor, value: number): void => emit({ op: 'fill', y: tensor, value });
    const { deviation, bias } = values.get(label) ?? { deviation: 0, bias: 0 };
    switch (shard.role) {
      case 'weight': {
        const stream = streams.weights + shard.index;
        const place = { whole, kernelOffset, channelOffset };
        emit({ op: 'gaussian', y, mean: 0, deviation, seed, stream, ...place });
        break;
      }
      case 'bias':
        fill(y, bias);
        break;
      case 'scale':
      case 'running_variance':
        fill(y, 1);
        break;
      case 'shift':
      case 'running_mean':
        fill(y, 0);
        break;
      default:
        unreachable(shard.role);
    }
    if (shard.copy) emit({ op: 'copy', x: y, y: plan.place(shard.copy).tensor });
    if (shard.momentum) fill(plan.place(shard.momentum).tensor, 0);
  }
  return lists;
}

/** Gives an opened network the values that training starts from. */
export async function initialise(network: Network, scheme: Initialisation, seed: Seed): Promise<void> {
  const { graph, preprocessing } = network.options;
  const plan = network.trainingPlan ?? network.inferencePlan;
  await network.run(initialCommands(plan, { graph, preprocessing, scheme, seed }));
}
