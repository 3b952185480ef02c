/** Initial weights: commands that draw each device's part of them, the same for any number of devices. */

import { isLearned, type Graph, type Preprocessing } from '../graph/graph.js';
import { layerShapes } from '../graph/shapes.js';
import type { Command } from '../plan/commands.js';
import type { Seed } from '../random/philox.js';
import type { Network } from './network.js';
import { streams } from '../random/streams.js';

export type Initialisation = 'paper' | 'caffe' | 'authors' | 'he';
export const initialisations: readonly Initialisation[] = ['paper', 'caffe', 'authors', 'he'];

interface Start {
  readonly deviation: number;
  readonly bias: number;
}

/** Spread of centred pixels in grey levels, about: what 'he' allows for in the first layer. */
const pixelSpread = 64;

/** Layers whose biases start at 1 in the paper (section 5), 0.1 in Caffe: conv2, conv4, conv5 and the hidden fc's. */
const positiveBiases = new Set(['conv2', 'conv4', 'conv5', 'fc6', 'fc7']);

export function initialValues(
  graph: Graph,
  preprocessing: Pick<Preprocessing, 'deviation'>,
  scheme: Initialisation,
): Map<string, Start> {
  const learned = layerShapes(graph).filter(({ layer }) => isLearned(layer));
  return new Map(
    learned.map(({ layer, weights }, place): [string, Start] => {
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

/** Draws the weights, sets the biases, and clears the momentum where there is one. */
export async function initialise(network: Network, scheme: Initialisation, seed: Seed): Promise<void> {
  const { graph, preprocessing } = network.options;
  const start = initialValues(graph, preprocessing, scheme);
  const lists: Command[][] = network.options.devices.map(() => []);
  for (const shard of network.shards) {
    const { deviation, bias } = start.get(shard.layer) ?? { deviation: 0, bias: 0 };
    const { device, tensor } = network.portOf(shard);
    lists[device]?.push(
      shard.role === 'bias'
        ? { op: 'fill', y: tensor, value: bias, label: shard.layer }
        : {
            op: 'gaussian',
            y: tensor,
            mean: 0,
            deviation,
            seed,
            stream: streams.weights + shard.index,
            whole: shard.whole,
            kernelOffset: shard.kernelOffset,
            channelOffset: shard.channelOffset,
            label: shard.layer,
          },
    );
    if (shard.copy) {
      lists[device]?.push({
        op: 'copy',
        x: tensor,
        y: network.portOf(shard, 'copy').tensor,
        label: shard.layer,
      });
    }
    if (!shard.momentum) continue;
    lists[device]?.push({
      op: 'fill',
      y: network.portOf(shard, 'momentum').tensor,
      value: 0,
      label: shard.layer,
    });
  }
  await network.run(lists);
}
