/** One valid command of each op over small tensors, for tests that then make something of it wrong. */

import {
  bytesOf,
  type Command,
  type DType,
  type Op,
  type Shape,
  type Tensor,
} from '../../../lib/plan/commands.js';

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Places tensors one behind the other. */
export class Places {
  end: number;

  constructor(start = 0) {
    this.end = start;
  }

  at(n: number, h: number, w: number, c: number, dtype: DType = 'float32'): Tensor {
    const shape: Shape = [n, h, w, c];
    const tensor: Tensor = { offset: this.end, shape, dtype };
    this.end += align(n * h * w * c * bytesOf[dtype]);
    return tensor;
  }
}

const geometry = { stride: 1, padding: [1, 1, 1, 1], groups: 2, products: 'float32' } as const;
const lrn = { size: 5, k: 2, alpha: 1e-4, beta: 0.75, groups: 1 };
const norm = { size: 3, k: 1, alpha: 1e-3, beta: 0.75 };
const pool = { poolSize: 3, poolStride: 2 };
const seed = [1, 2] as const;
const dropout = { rate: 0.5, seed, stream: 3, channels: 8, channelOffset: 4 };

/** The ops that compute, each valid, each with places of its own that start at byte 0. */
export function validOps(): Op[] {
  const ops: ((p: Places) => Op)[] = [
    (p) => ({
      op: 'convolution_forward',
      x: p.at(2, 4, 4, 4),
      w: p.at(4, 3, 3, 2),
      bias: p.at(1, 1, 1, 4),
      y: p.at(2, 4, 4, 4),
      ...geometry,
      accumulate: false,
      activation: 'relu',
      dropout,
      scale: 1,
    }),
    (p) => ({
      op: 'convolution_backward_data',
      dy: p.at(2, 4, 4, 4),
      w: p.at(4, 3, 3, 2),
      dx: p.at(2, 4, 4, 4),
      ...geometry,
      accumulate: true,
    }),
    (p) => ({
      op: 'convolution_backward_weights',
      x: p.at(2, 4, 4, 4),
      dy: p.at(2, 4, 4, 4),
      dw: p.at(4, 3, 3, 2),
      db: p.at(1, 1, 1, 4),
      ...geometry,
    }),
    (p) => ({
      op: 'convolution_update',
      x: p.at(2, 4, 4, 4),
      dy: p.at(2, 4, 4, 4),
      w: p.at(4, 3, 3, 2),
      v: p.at(4, 3, 3, 2),
      copy: p.at(4, 3, 3, 2),
      db: p.at(1, 1, 1, 4),
      ...geometry,
      momentum: 0.9,
      decay: 5e-4,
      rate: 0,
    }),
    (p) => ({ op: 'lrn_forward', x: p.at(2, 3, 3, 8), y: p.at(2, 3, 3, 8), ...lrn }),
    (p) => ({
      op: 'lrn_backward',
      x: p.at(2, 3, 3, 8),
      dy: p.at(2, 3, 3, 8),
      dx: p.at(2, 3, 3, 8),
      activation: 'relu',
      ...lrn,
    }),
    (p) => ({ op: 'map_norm_forward', x: p.at(2, 4, 4, 3), y: p.at(2, 4, 4, 3), ...norm }),
    (p) => ({
      op: 'map_norm_backward',
      x: p.at(2, 4, 4, 3),
      dy: p.at(2, 4, 4, 3),
      dx: p.at(2, 4, 4, 3),
      ...norm,
    }),
    (p) => ({ op: 'max_pool_forward', x: p.at(2, 5, 5, 4), y: p.at(2, 2, 2, 4), ...pool }),
    (p) => ({
      op: 'max_pool_backward',
      x: p.at(2, 5, 5, 4),
      dy: p.at(2, 2, 2, 4),
      dx: p.at(2, 5, 5, 4),
      activation: 'none',
      ...pool,
    }),
    (p) => ({ op: 'lrn_pool_forward', x: p.at(2, 5, 5, 4), y: p.at(2, 2, 2, 4), ...lrn, ...pool }),
    (p) => ({
      op: 'lrn_pool_backward',
      x: p.at(2, 5, 5, 4),
      dy: p.at(2, 2, 2, 4),
      dx: p.at(2, 5, 5, 4),
      activation: 'relu',
      ...lrn,
      ...pool,
    }),
    (p) => ({ op: 'activation_forward', x: p.at(1, 2, 2, 4), y: p.at(1, 2, 2, 4), activation: 'tanh' }),
    (p) => ({
      op: 'activation_backward',
      y: p.at(1, 2, 2, 4),
      dy: p.at(1, 2, 2, 4),
      dx: p.at(1, 2, 2, 4),
      activation: 'tanh',
      dropout,
    }),
    (p) => ({ op: 'dropout', x: p.at(1, 2, 2, 4), y: p.at(1, 2, 2, 4), dropout }),
    (p) => ({ op: 'scale', x: p.at(1, 2, 2, 4), y: p.at(1, 2, 2, 4), factor: 0.5 }),
    (p) => ({
      op: 'softmax_cross_entropy',
      logits: p.at(3, 1, 1, 5),
      labels: p.at(3, 1, 1, 1, 'int32'),
      probabilities: p.at(3, 1, 1, 5),
      losses: p.at(3, 1, 1, 1),
      ranks: p.at(3, 1, 1, 1, 'int32'),
      dlogits: p.at(3, 1, 1, 5),
    }),
    (p) => ({
      op: 'sgd',
      segments: [
        { w: p.at(1, 1, 1, 8), v: p.at(1, 1, 1, 8), g: p.at(1, 1, 1, 8), rate: 0, decay: 5e-4 },
        { w: p.at(2, 1, 1, 8), v: p.at(2, 1, 1, 8), g: p.at(2, 1, 1, 8), rate: 1, decay: 0 },
      ],
      momentum: 0.9,
    }),
    (p) => ({
      op: 'preprocess',
      images: p.at(2, 6, 6, 3, 'uint8'),
      views: p.at(2, 1, 1, 8),
      mean: p.at(1, 6, 6, 3),
      y: p.at(2, 4, 4, 3),
      meanAt: 'crop',
      order: 'rgb',
      deviation: [1, 1, 1],
    }),
    (p) => ({ op: 'fill', y: p.at(2, 2, 2, 2), value: 3 }),
    (p) => ({
      op: 'gaussian',
      y: p.at(2, 3, 3, 2),
      mean: 0,
      deviation: 1,
      seed,
      stream: 1,
      whole: [4, 3, 3, 4],
      kernelOffset: 2,
      channelOffset: 2,
    }),
    (p) => ({ op: 'copy', x: p.at(2, 2, 2, 4), y: p.at(2, 2, 2, 4) }),
    (p) => ({ op: 'sum', xs: [p.at(2, 2, 2, 4), p.at(2, 2, 2, 4)], y: p.at(2, 2, 2, 4) }),
  ];
  return ops.map((make) => make(new Places()));
}

/** The same command with the field at a path such as 'x.shape.3' set, or taken out where the value is undefined. */
export function changed<T extends object>(command: T, path: string, value: unknown): T {
  const copy = structuredClone(command);
  const names = path.split('.');
  const last = names.pop() as string;
  let inside = copy as Record<string, unknown>;
  for (const name of names) inside = inside[name] as Record<string, unknown>;
  if (value === undefined) delete inside[last];
  else inside[last] = value;
  return copy;
}

export const labelled = (op: Op, label = 'layer'): Command => ({ ...op, label });

export const validCommand = (name: Op['op']): Command => {
  const found = validOps().find(({ op }) => op === name);
  if (!found) throw new Error(`there is no example of ${name}`);
  return labelled(found);
};
