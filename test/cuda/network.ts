/** Training steps of a whole network on cards, held against the CPU's. */

import { describe, expect, it } from 'vitest';
import { preset } from '../../lib/graph/presets.js';
import type { Precision } from '../../lib/plan/precision.js';
import { parseDevices, type ParseDeviceOptions } from '../../lib/runtime/devices.js';
import { Network, type Batch } from '../../lib/runtime/network.js';
import { initialise } from '../../lib/runtime/initialise.js';
import { Random } from '../conformance/random.js';

const { graph, preprocessing } = preset('mini', 10);
// Enough for a second step, which a card replays as a graph; emulated products take their time.
const batch = 2;
const steps = 2;
const rates = graph.layers.flatMap(() => [0.01, 0.01]);

function images(random: Random): Batch {
  const { store, crop } = preprocessing;
  const pixels = random.normal(batch * store * store * 3, 40);
  const margin = store - crop;
  return {
    images: Uint8Array.from(pixels, (value) => Math.max(0, Math.min(255, Math.round(128 + value)))),
    labels: Int32Array.from({ length: batch }, () => random.integer(0, 9)),
    views: Float32Array.from(
      Array.from({ length: batch }, () => [
        random.integer(0, margin),
        random.integer(0, margin),
        random.integer(0, 1),
        ...random.normal(3, 5),
        1,
        0,
      ]).flat(),
    ),
  };
}

interface Outcome {
  readonly losses: number[];
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly probabilities: Float32Array;
}

export async function train(
  devices: string,
  precision: Precision = 'fp32',
  choices: ParseDeviceOptions & { readonly profile?: boolean } = {},
): Promise<Outcome> {
  await using network = Network.open({
    graph,
    preprocessing,
    devices: parseDevices(devices, choices),
    batch,
    seed: [5, 6],
    precision,
    training: { momentum: 0.9, weightDecay: 0.0005, decayBiases: false },
  });
  network.setMean(new Float32Array(preprocessing.store ** 2 * 3).fill(120));
  await initialise(network, 'he', [1, 2]);
  const losses: number[] = [];
  const random = new Random('network', 0);
  const shown = Array.from({ length: steps }, () => images(random));
  for (const [step, images] of shown.entries()) {
    const result = await network.train(images, step, rates, { profile: choices.profile ?? false });
    losses.push(...result.losses);
  }
  const { probabilities } = await network.infer(shown[0] as Batch);
  return { losses, parameters: network.parameters(), probabilities };
}

const norm = (values: readonly number[]): number => Math.hypot(...values);
const difference = (a: readonly number[], b: readonly number[]): number =>
  norm(a.map((value, i) => value - (b[i] ?? NaN))) / norm(b);

const bits = ({ losses, parameters }: Outcome): string =>
  [...parameters.values(), Float32Array.from(losses)]
    .map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
    )
    .join();

export interface NetworkCase {
  readonly devices: string;
  readonly precision: Precision;
  readonly peerAccess?: boolean;
}

const tolerance: Readonly<Record<Precision, number>> = { fp32: 1e-5, tf32: 1e-3, bf16: 1e-2 };

export function networkSuite(where: string, cases: readonly NetworkCase[]): void {
  describe(`mini on ${where}`, () => {
    const onCpu = train('cpu');

    it.each(cases)(
      '$devices in $precision (peer access: $peerAccess) trains as the CPU does, each time to the same bits',
      async ({ devices, precision, ...choices }) => {
        const expected = await onCpu;
        const received = await train(devices, precision, choices);
        expect(difference(received.losses, expected.losses), 'losses').toBeLessThan(tolerance[precision]);
        expect(
          difference([...received.probabilities], [...expected.probabilities]),
          'probabilities',
        ).toBeLessThan(tolerance[precision] * 10);
        // Watched, commands are queued one by one; otherwise as a graph from the second step on.
        const again = await train(devices, precision, { ...choices, profile: true });
        expect(bits(again) === bits(received), 'the same bits').toBe(true);
      },
    );
  });
}
