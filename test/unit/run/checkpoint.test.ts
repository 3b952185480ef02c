import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { preset } from '../../../lib/graph/presets.js';
import { loadCheckpoint, parameterShapes, saveCheckpoint } from '../../../lib/run/checkpoint.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-checkpoint-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('running statistics are saved with the weights, and have no momentum', async () => {
  const { graph, preprocessing } = preset('alexnet-bn', 2);
  // A few layers suffice: the whole network is 230 MB.
  const small = { ...graph, layers: graph.layers.slice(0, 3) };
  const tensors = (of: 'value' | 'momentum') =>
    new Map(
      [...parameterShapes(small, of)].map(([name, shape], i) => [
        name,
        new Float32Array(shape.reduce((a, b) => a * b)).fill(i + 0.5),
      ]),
    );
  expect([...parameterShapes(small).keys()]).toEqual([
    'conv1.weight',
    'conv1.bias',
    'bn1.weight',
    'bn1.bias',
    'bn1.running_mean',
    'bn1.running_var',
  ]);
  expect([...parameterShapes(small, 'momentum').keys()]).toEqual([
    'conv1.weight',
    'conv1.bias',
    'bn1.weight',
    'bn1.bias',
  ]);
  const file = join(folder, 'one.safetensors');
  const saved = { parameters: tensors('value'), momentum: tensors('momentum') };
  await saveCheckpoint(file, {
    graph: small,
    preprocessing,
    classes: ['a', 'b'],
    mean: new Float32Array(3),
    ...saved,
  });
  const loaded = await loadCheckpoint(file);
  expect(loaded.parameters).toEqual(saved.parameters);
  expect(loaded.momentum).toEqual(saved.momentum);
});

it('a checkpoint says which tensors it lacks', async () => {
  const { graph, preprocessing } = preset('alexnet-bn', 2);
  const small = { ...graph, layers: graph.layers.slice(0, 2) };
  const parameters = new Map(
    [...parameterShapes(small)].map(([name, shape]) => [
      name,
      new Float32Array(shape.reduce((a, b) => a * b)),
    ]),
  );
  parameters.delete('bn1.running_var');
  const file = join(folder, 'lacking.safetensors');
  const description = { graph: small, preprocessing, classes: ['a', 'b'], mean: new Float32Array(3) };
  await saveCheckpoint(file, { ...description, parameters });
  await expect(loadCheckpoint(file)).rejects.toThrow(
    `${file}: bn1.running_var missing; use another checkpoint`,
  );
});

it.each([NaN, Infinity, -Infinity])('weights with %s are an error that names them', async (value) => {
  const { graph, preprocessing } = preset('mini', 2);
  const parameters = new Map(
    [...parameterShapes(graph)].map(([name, shape]) => [
      name,
      new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5),
    ]),
  );
  parameters.get('conv2.weight')!.fill(value, -1);
  const file = join(folder, 'not-finite.safetensors');
  const model = { graph, preprocessing, classes: ['a', 'b'], mean: new Float32Array(3) };
  await saveCheckpoint(file, { ...model, parameters });
  await expect(loadCheckpoint(file)).rejects.toMatchObject({
    code: 'CHECKPOINT',
    message: `${file}: expected finite numbers in conv2.weight, received NaN or infinity; use another checkpoint`,
  });
});
