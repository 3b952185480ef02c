import { describe, expect, it } from 'vitest';
import type { Graph, Layer } from '../../../lib/graph/graph.js';
import { partition } from '../../../lib/plan/partition.js';

const convolution = (name: string, maps: number, groups = 1): Layer => ({
  kind: 'convolution',
  name,
  maps,
  kernel: 3,
  stride: 1,
  padding: [1, 1, 1, 1],
  groups,
});
const connected = (name: string, units: number): Layer => ({ kind: 'fully_connected', name, units });
const relu = (name: string): Layer => ({ kind: 'activation', name, function: 'relu' });
const lrn = (groups: number): Layer => ({
  kind: 'lrn',
  name: 'lrn',
  size: 5,
  k: 2,
  alpha: 1,
  beta: 1,
  groups,
});

const graph = (...layers: Layer[]): Graph => ({
  name: 'small',
  input: { height: 4, width: 4, channels: 3 },
  layers,
});

const small = graph(
  convolution('conv1', 8),
  relu('relu1'),
  convolution('conv2', 6, 2),
  convolution('conv3', 4),
  connected('fc4', 10),
  connected('fc5', 5),
);

/** What each layer holds, reads and shares: '0:0-4' are maps 0 to 3 on device 0. */
function table(of: Graph, devices: number): string[] {
  return partition(of, devices).map(({ layer, ranges, inputRanges, ownMapsOnly }) => {
    const shown = (held: typeof inputRanges): string =>
      held === 'everywhere' ? held : held.map(({ device, from, to }) => `${device}:${from}-${to}`).join(' ');
    return `${layer.name} reads ${shown(inputRanges)}, holds ${shown(ranges)}${ownMapsOnly ? '' : ', exchanges'}`;
  });
}

it('one device holds all', () => {
  expect(table(small, 1)).toEqual([
    'conv1 reads everywhere, holds 0:0-8',
    'relu1 reads 0:0-8, holds 0:0-8',
    'conv2 reads 0:0-8, holds 0:0-6',
    'conv3 reads 0:0-6, holds 0:0-4, exchanges',
    'fc4 reads 0:0-4, holds 0:0-10, exchanges',
    'fc5 reads 0:0-10, holds 0:0-5, exchanges',
  ]);
});

it('two devices hold half the maps each, the last layer is whole on device 0', () => {
  expect(table(small, 2)).toEqual([
    'conv1 reads everywhere, holds 0:0-4 1:4-8',
    'relu1 reads 0:0-4 1:4-8, holds 0:0-4 1:4-8',
    'conv2 reads 0:0-4 1:4-8, holds 0:0-3 1:3-6',
    'conv3 reads 0:0-3 1:3-6, holds 0:0-2 1:2-4, exchanges',
    'fc4 reads 0:0-2 1:2-4, holds 0:0-5 1:5-10, exchanges',
    'fc5 reads 0:0-5 1:5-10, holds 0:0-5, exchanges',
  ]);
});

it('normalisation in two groups stays on its device', () => {
  const [, normalised] = table(graph(convolution('conv1', 8), lrn(2), connected('fc2', 4)), 2);
  expect(normalised).toBe('lrn reads 0:0-4 1:4-8, holds 0:0-4 1:4-8');
});

describe('is refused', () => {
  it.each([
    [
      'an odd number of maps on two devices',
      graph(convolution('conv1', 7), connected('fc2', 4)),
      'layer conv1: 7 maps cannot be shared out over 2 devices',
    ],
    [
      'an odd number of groups on two devices',
      graph(convolution('conv1', 6), convolution('conv2', 6, 3), connected('fc3', 4)),
      'layer conv2: 3 groups cannot be shared out over 2 devices',
    ],
    [
      'groups over the image, which every device holds whole',
      {
        ...graph(convolution('conv1', 6, 2), connected('fc2', 4)),
        input: { height: 4, width: 4, channels: 4 },
      },
      'layer conv1: 2 groups cannot be shared out over 2 devices',
    ],
    [
      'a first layer without weights',
      graph(relu('relu1'), connected('fc2', 4)),
      'layer relu1: the first layer has to be a convolution or fully connected',
    ],
    [
      'normalisation across all maps on two devices',
      graph(convolution('conv1', 8), lrn(1), connected('fc2', 4)),
      'layer lrn of small normalises across all maps, so its maps cannot be on 2 devices; use one device',
    ],
  ])('%s', (_, given, message) => {
    expect(() => partition(given, 2)).toThrow(expect.objectContaining({ code: 'GRAPH', message }) as Error);
  });

  it('nothing of these on one device, but a first layer without weights', () => {
    expect(() => partition(graph(convolution('conv1', 7), lrn(1), connected('fc2', 4)), 1)).not.toThrow();
  });
});
