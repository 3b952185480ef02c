/**
 * bf16 on a CPU that does not multiply bfloat16: fully connected layers read their weights as bfloat16, in every way they are
 * computed.
 */

import { expect, it } from 'vitest';

import { preset } from '../../../lib/graph/presets.js';
import type { Precision } from '../../../lib/plan/precision.js';
import { fromBfloat16, toBfloat16 } from '../../../lib/runtime/bfloat16.js';
import { parseDevices } from '../../../lib/runtime/devices.js';
import { Network, type Inference } from '../../../lib/runtime/network.js';
import { initialise } from '../../../lib/runtime/initialise.js';
import { relativeError } from '../../conformance/run.js';
import { Random } from '../../conformance/random.js';

process.env['ALEXNET_NATIVE_BF16'] = 'none';

// Below and above the number of images from which on weights are multiplied in tiles, and several panels of images.
it.each([
  ['cpu', 1],
  ['cpu', 5],
  ['cpu', 9],
  ['cpu', 37],
  ['cpu:0/2,cpu:1/2', 3],
] as const)('%s, batch %i: as with fp32 and weights rounded to bfloat16', async (devices, batch) => {
  const { graph, preprocessing } = preset('mini', 7);
  const open = (precision: Precision): Network =>
    Network.open({
      graph,
      preprocessing,
      devices: parseDevices(devices, { threads: 2 }),
      batch,
      rawInput: true,
      precision,
    });
  await using full = open('fp32');
  await using short = open('bf16');
  await initialise(full, 'he', [3, batch]);
  const parameters = full.parameters();
  short.setParameters(parameters);
  full.setParameters(
    new Map(
      [...parameters].map(([name, values]) =>
        /^fc.*weight$/.test(name) ? [name, fromBfloat16(toBfloat16(values))] : [name, values],
      ),
    ),
  );
  const { crop } = preprocessing;
  const images = new Random('bfloat16 weights', batch).normal(batch * crop * crop * 3);
  const input = { images, views: new Float32Array(0), labels: new Int32Array(batch).fill(-1) };
  const infer = async (network: Network): Promise<Inference> => await network.infer(input);
  const [expected, found] = [await infer(full), await infer(short)];
  expect(relativeError(found.features, expected.features)).toBeLessThan(1e-5);
  expect(relativeError(found.probabilities, expected.probabilities)).toBeLessThan(1e-5);
  // The weights themselves stay as they were set.
  for (const [name, values] of short.parameters()) {
    expect(Buffer.from(values.buffer).equals(Buffer.from(parameters.get(name)!.buffer)), name).toBe(true);
  }
});

it('are rounded where a network draws its first ones, too', async () => {
  const { graph, preprocessing } = preset('mini', 7);
  const devices = parseDevices('cpu', { threads: 2 });
  const open = (): Network =>
    Network.open({ graph, preprocessing, devices, batch: 2, rawInput: true, precision: 'bf16' });
  await using drawn = open();
  await using given = open();
  await initialise(drawn, 'he', [1, 2]);
  given.setParameters(drawn.parameters());
  const { crop } = preprocessing;
  const images = new Random('first weights', 0).normal(2 * crop * crop * 3);
  const input = { images, views: new Float32Array(0), labels: new Int32Array(2).fill(-1) };
  expect(await drawn.infer(input)).toEqual(await given.infer(input));
});

it('is for inference only', () => {
  const { graph, preprocessing } = preset('mini', 7);
  const training = { momentum: 0.9, weightDecay: 0, decayBiases: false };
  expect(() =>
    Network.open({
      graph,
      preprocessing,
      devices: parseDevices('cpu'),
      batch: 1,
      precision: 'bf16',
      training,
    }),
  ).toThrow(
    'expected fp32 for precision on cpu, received bf16 (training in bf16 needs a processor with AMX-BF16 or AVX512_BF16',
  );
});
