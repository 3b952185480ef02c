import { expect, it } from 'vitest';
import type { Graph } from '../../../lib/graph/graph.js';
import { layerShapes } from '../../../lib/graph/shapes.js';

it('two layers of one name are refused: their parameters would be one', () => {
  const norm = { kind: 'batch_norm', name: 'b', epsilon: 1e-5, momentum: 0.1 } as const;
  const graph: Graph = {
    name: 'twice',
    input: { height: 4, width: 4, channels: 3 },
    layers: [
      { kind: 'convolution', name: 'c', maps: 2, kernel: 3, stride: 1, padding: [1, 1, 1, 1], groups: 1 },
      norm,
      norm,
    ],
  };
  expect(() => layerShapes(graph)).toThrow(
    'twice: layer b: expected a name of its own, received that of another layer',
  );
});
