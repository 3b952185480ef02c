import { describe, expect, it } from 'vitest';
import type { Graph, Layer } from '../../../lib/graph/graph.js';
import { preset } from '../../../lib/graph/presets.js';
import { layerShapes } from '../../../lib/graph/shapes.js';
import { plan, type Plan } from '../../../lib/plan/plan.js';

const { preprocessing } = preset('mini', 2);
const side = { store: 9, crop: 9 };
const convolution = (name: string, maps: number): Layer => ({
  kind: 'convolution',
  name,
  maps,
  kernel: 3,
  stride: 1,
  padding: [1, 1, 1, 1],
  groups: 1,
});
const norm = (name: string): Layer => ({ kind: 'batch_norm', name, epsilon: 1e-5, momentum: 0.1 });
const relu = (name: string): Layer => ({ kind: 'activation', name, function: 'relu' });

const graph: Graph = {
  name: 'two',
  input: { height: 9, width: 9, channels: 3 },
  layers: [
    convolution('conv1', 8),
    norm('bn1'),
    relu('relu1'),
    { kind: 'max_pool', name: 'pool1', size: 3, stride: 2, round: 'down' },
    convolution('conv2', 4),
    norm('bn2'),
    relu('relu2'),
    { kind: 'fully_connected', name: 'fc3', units: 2 },
  ],
};

const planned = (devices: number, training: boolean): Plan =>
  plan({
    graph,
    preprocessing: { ...preprocessing, ...side },
    devices,
    batch: 5,
    seed: [1, 0],
    workspaceOf: () => 0,
    ...(training && {
      training: { momentum: 0.9, weightDecay: 0.0005, decayBiases: false, update: 'layer' },
    }),
  });

const opsOf = (made: Plan, device: number): string[] =>
  (made.drafts[device] ?? []).map(({ op, label }) => `${label}: ${op}`);

describe('a batch normalisation', () => {
  it('has two vectors that learn and two statistics, by the names that PyTorch gives them', () => {
    const [, bn1] = layerShapes(graph);
    expect(bn1?.tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['bn1.weight', [8]],
      ['bn1.bias', [8]],
      ['bn1.running_mean', [8]],
      ['bn1.running_var', [8]],
    ]);
    expect(bn1?.parameters).toBe(16);
  });

  it('computes the activation behind it; pooling takes the gradient back through that, or a command of its own', () => {
    expect(opsOf(planned(1, true), 0)).toEqual([
      'input: preprocess',
      'conv1: convolution_forward',
      'bn1: batch_norm_forward',
      'pool1: max_pool_forward',
      'conv2: convolution_forward',
      'bn2: batch_norm_forward',
      'fc3: convolution_forward',
      'softmax: softmax_cross_entropy',
      'fc3: convolution_backward_data',
      'fc3: convolution_backward_weights',
      'fc3: sgd',
      'bn2: activation_backward',
      'bn2: batch_norm_backward',
      'conv2: convolution_backward_data',
      'conv2: convolution_backward_weights',
      'conv2: sgd',
      'pool1: max_pool_backward',
      'bn1: batch_norm_backward',
      'conv1: convolution_backward_weights',
      'conv1: sgd',
    ]);
    const [list] = planned(1, true).drafts;
    expect(list?.find(({ op }) => op === 'max_pool_backward')).toMatchObject({ activation: 'relu' });
    expect(list?.find(({ op }) => op === 'batch_norm_forward')).toMatchObject({ activation: 'relu' });
  });

  it('infers by its running statistics', () => {
    const ops = opsOf(planned(1, false), 0);
    expect(ops).toContain('bn1: batch_norm_inference');
    expect(ops.join()).not.toContain('batch_norm_forward');
  });

  it("is each device's own affair: its maps, its statistics, no transfer", () => {
    const made = planned(2, true);
    expect(made.transfers.map(({ label }) => label)).not.toContain('bn1');
    for (const device of [0, 1]) {
      const [forward] = (made.drafts[device] ?? []).filter(({ op }) => op === 'batch_norm_forward');
      expect(forward).toMatchObject({ mean: { shape: [1, 1, 1, 4] }, runningMean: { shape: [1, 1, 1, 4] } });
    }
    const own = made.shards.filter(({ layer }) => layer === 'bn1');
    expect(
      own.map(({ role, channelOffset, momentum }) => [role, channelOffset, momentum !== undefined]),
    ).toEqual(
      [0, 4].flatMap((from) => [
        ['scale', from, true],
        ['shift', from, true],
        ['running_mean', from, false],
        ['running_variance', from, false],
      ]),
    );
  });

  it('learns at a rate of its own and does not decay', () => {
    const [list] = planned(1, true).drafts;
    const updates = (list ?? []).flatMap((command) => (command.op === 'sgd' ? command.segments : []));
    const of = (name: string) => updates.find(({ w }) => w.name === name);
    expect([of('bn1.scale')?.rate, of('bn1.shift')?.rate]).toEqual([2, 3]);
    expect([of('conv2.weight')?.rate, of('conv2.bias')?.rate]).toEqual([4, 5]);
    expect([of('bn1.scale')?.decay, of('conv2.weight')?.decay]).toEqual([0, 0.0005]);
    expect(of('bn1.running_mean')).toBeUndefined();
  });
});
