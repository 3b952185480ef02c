import { describe, expect, it } from 'vitest';
import { preset } from '../../../lib/graph/presets.js';
import { graphTotals, layerShapes } from '../../../lib/graph/shapes.js';

describe("the paper's network", () => {
  const { graph } = preset('paper', 1000);

  it('has the parameters, neurons and operations of the paper', () => {
    expect(graphTotals(graph)).toEqual({
      parameters: 60_965_224,
      neurons: 659_272,
      forwardFlops: 1_448_813_632,
      trainingFlops: 3 * 1_448_813_632 - 210_830_400,
    });
  });

  it('has the shapes of the paper', () => {
    const shapes = Object.fromEntries(
      layerShapes(graph).map(({ layer, output }) => [layer.name, Object.values(output)]),
    );
    expect(shapes).toMatchObject({
      conv1: [55, 55, 96],
      pool1: [27, 27, 96],
      conv2: [27, 27, 256],
      pool2: [13, 13, 256],
      conv3: [13, 13, 384],
      conv4: [13, 13, 384],
      conv5: [13, 13, 256],
      pool5: [6, 6, 256],
      fc6: [1, 1, 4096],
      fc7: [1, 1, 4096],
      fc8: [1, 1, 1000],
    });
  });
});
