import { describe, expect, it } from 'vitest';
import { cost } from '../../../lib/plan/cost.js';
import type { Draft } from '../../../lib/plan/builder.js';
import { command, reads, value } from './values.js';

const geometry = { stride: 1, padding: [0, 0, 0, 0], groups: 1, products: 'float32' } as const;
const plain = { ...geometry, accumulate: false, activation: 'relu', scale: 1 } as const;
const lrn = { size: 5, k: 2, alpha: 1e-4, beta: 0.75, groups: 1 } as const;
const pool = { poolSize: 3, poolStride: 2 } as const;

// 2 images of 6×6×4, 8 kernels of 3×3×4, results of 4×4×8: 288 numbers, 288 weights, 256 results of 36 products each.
const x = value('x', [2, 6, 6, 4]);
const w = value('w', [8, 3, 3, 4]);
const y = value('y', [2, 4, 4, 8]);
const bias = value('bias', 8);
const [v, dw, copy] = [
  value('v', w.shape),
  value('dw', w.shape),
  value('copy', w.shape, { dtype: 'bfloat16' }),
];
// Of two groups a kernel reads half the channels.
const half = value('w', [8, 3, 3, 2]);

const [a, b, c] = [value('a', 100), value('b', 100), value('c', 100)];
const [map, pooled] = [value('map', [1, 7, 7, 10]), value('pooled', [1, 3, 3, 10])];

const products = 2 * 256 * 36;
const rows: readonly (readonly [string, Draft, flops: number, bytes: number])[] = [
  [
    'convolution_forward',
    command({ op: 'convolution_forward', x, w, bias, y, ...plain }),
    products,
    4 * (288 + 288 + 8 + 256),
  ],
  [
    'of two groups',
    command({ op: 'convolution_forward', x, w: half, y, ...plain, groups: 2 }),
    products / 2,
    4 * (288 + 144 + 256),
  ],
  [
    'convolution_backward_data',
    command({ op: 'convolution_backward_data', dy: y, w, dx: x, accumulate: false, ...geometry }),
    products,
    4 * (256 + 288 + 288),
  ],
  [
    'convolution_backward_weights',
    command({ op: 'convolution_backward_weights', x, dy: y, dw, db: bias, ...geometry }),
    products,
    4 * (288 + 256 + 288 + 8),
  ],
  [
    'convolution_update',
    command({
      op: 'convolution_update',
      x,
      dy: y,
      w,
      v,
      copy,
      momentum: 0.9,
      decay: 0,
      rate: 0,
      ...geometry,
    }),
    products + 5 * 288,
    4 * (288 + 256 + 288 + 288) + 2 * 288,
  ],
  [
    'sgd',
    command({
      op: 'sgd',
      segments: [
        { w, v, g: dw, rate: 0, decay: 0 },
        { w: a, v: b, g: c, rate: 1, decay: 0 },
      ],
      momentum: 0.9,
    }),
    5 * 388,
    4 * 3 * 388,
  ],
  ['lrn_forward', command({ op: 'lrn_forward', x: a, y: b, ...lrn }), 1400, 800],
  [
    'lrn_backward',
    command({ op: 'lrn_backward', x: a, dy: b, dx: c, activation: 'none', ...lrn }),
    2800,
    1200,
  ],
  [
    'map_norm_forward',
    command({ op: 'map_norm_forward', x: a, y: b, size: 5, k: 1, alpha: 1, beta: 0.75 }),
    6000,
    800,
  ],
  [
    'map_norm_backward',
    command({ op: 'map_norm_backward', x: a, dy: b, dx: c, size: 5, k: 1, alpha: 1, beta: 0.75 }),
    12000,
    1200,
  ],
  [
    'max_pool_forward',
    command({ op: 'max_pool_forward', x: map, y: pooled, ...pool }),
    9 * 90,
    4 * (490 + 90),
  ],
  [
    'max_pool_backward',
    command({ op: 'max_pool_backward', x: map, dy: pooled, dx: map, activation: 'none', ...pool }),
    9 * 90,
    4 * (490 + 90 + 490),
  ],
  [
    'lrn_pool_forward',
    command({ op: 'lrn_pool_forward', x: map, y: pooled, ...lrn, ...pool }),
    14 * 490,
    4 * (490 + 90),
  ],
  [
    'lrn_pool_backward',
    command({ op: 'lrn_pool_backward', x: map, dy: pooled, dx: map, activation: 'none', ...lrn, ...pool }),
    28 * 490,
    4 * (490 + 90 + 490),
  ],
  [
    'softmax_cross_entropy',
    command({ op: 'softmax_cross_entropy', logits: a, losses: value('losses', 1) }),
    1200,
    404,
  ],
  [
    'preprocess',
    command({
      op: 'preprocess',
      images: value('images', [2, 8, 8, 3], { dtype: 'uint8' }),
      views: value('views', [2, 1, 1, 8]),
      mean: value('mean', 3),
      y: value('y', [2, 6, 6, 3]),
      meanAt: 'crop',
      order: 'rgb',
      deviation: [1, 1, 1],
    }),
    4 * 216,
    384 + 4 * (16 + 3 + 216),
  ],
  ['activation_forward', command({ op: 'activation_forward', x: a, y: b, activation: 'relu' }), 100, 800],
  [
    'activation_backward',
    command({ op: 'activation_backward', y: a, dy: b, dx: c, activation: 'relu' }),
    100,
    1200,
  ],
  ['scale', reads(a, b), 100, 800],
  ['sum', command({ op: 'sum', xs: [a, b, c], y: a }), 200, 1600],
  ['copy', command({ op: 'copy', x: a, y: b }), 0, 800],
  ['fill', command({ op: 'fill', y: a, value: 0 }), 0, 400],
  ['transfer', command({ op: 'transfer', x: a, to: b, device: 1, event: 0 }), 0, 0],
  ['wait', command({ op: 'wait', event: 0 }), 0, 0],
];

describe('operations and bytes of a command', () => {
  it.each(rows)('%s', (_, given, flops, bytes) => {
    expect(cost(given)).toEqual({ flops, bytes });
  });
});
