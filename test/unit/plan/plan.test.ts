import { describe, expect, it } from 'vitest';
import { preset, presetNames } from '../../../lib/graph/presets.js';
import { isTrained } from '../../../lib/graph/parameters.js';
import { graphTotals } from '../../../lib/graph/shapes.js';
import { isValue, type Value } from '../../../lib/plan/builder.js';
import { bytesOf, type Command } from '../../../lib/plan/commands.js';
import { plan, type Plan, type PlanOptions } from '../../../lib/plan/plan.js';
import { nominalRates, timeline } from '../../../lib/plan/timeline.js';

const options = (name: string, devices: number, batch: number, training = true): PlanOptions => {
  const { graph, preprocessing } = preset(name, 1000);
  return {
    graph,
    preprocessing,
    devices,
    batch,
    seed: [1, 0],
    workspaceOf: () => 0,
    ...(training && {
      training: { momentum: 0.9, weightDecay: 0.0005, decayBiases: false, update: 'layer' },
    }),
  };
};

interface LivingPlace {
  readonly name: string;
  first: number;
  last: number;
  readonly from: number;
  readonly to: number;
}

/** Where a device's values lie while its commands name them; what the host or another device writes, from the start. */
function livingPlaces(made: Plan, device: number): LivingPlace[] {
  const found = new Map<Value, LivingPlace>();
  const list = made.drafts[device] ?? [];
  const visit = (field: unknown, i: number): void => {
    if (isValue(field)) {
      if (field.device !== device || field.kind === 'workspace') return;
      const seen = found.get(field);
      if (seen) {
        seen.last = Math.max(seen.last, i);
        return;
      }
      const { offset, shape, dtype = 'float32' } = made.place(field).tensor;
      const first = ['activations', 'gradients'].includes(field.kind) ? i : 0;
      const persists = field.keep || ['weights', 'momentum', 'mean'].includes(field.kind);
      const to = offset + bytesOf[dtype] * shape.reduce((a, b) => a * b);
      found.set(field, { name: field.name, first, last: persists ? list.length : i, from: offset, to });
    } else if (typeof field === 'object' && field !== null) {
      for (const inner of Object.values(field)) visit(inner, i);
    }
  };
  list.forEach((command, i) => visit(command, i));
  return [...found.values()];
}

describe("the plan of the paper's network", () => {
  it('talks between two devices at the inputs of conv3, fc6, fc7 and fc8 only, backward as forward', () => {
    const made = plan(options('paper', 2, 128));
    const count = (pass: string) => made.transfers.filter((t) => t.pass === pass).map(({ label }) => label);
    expect(count('forward')).toEqual(['conv3', 'conv3', 'fc6', 'fc6', 'fc7', 'fc7', 'fc8']);
    expect(count('backward')).toEqual(['fc8', 'fc7', 'fc7', 'fc6', 'fc6', 'conv3', 'conv3']);
    const conv3 = made.transfers.find(({ label }) => label === 'conv3');
    expect(conv3?.bytes).toBe(128 * 13 * 13 * 128 * 4);
  });

  it.each([1, 2])(
    'on %i cards updates weights behind all that reads them, its gradients never in memory',
    (devices) => {
      const { training, ...rest } = options('paper', devices, 128);
      if (!training) throw new Error('nothing to train');
      for (const update of ['within', 'layer'] as const) {
        const made = plan({ ...rest, training: { ...training, update } });
        made.lists.forEach((list) => {
          const gradients = list.flatMap((command) =>
            command.op === 'convolution_backward_weights' ? [command.dw] : [],
          );
          const updated = list.flatMap((command, i) =>
            command.op === 'convolution_update'
              ? [{ i, w: command.w }]
              : command.op === 'sgd'
                ? command.segments.map(({ w }) => ({ i, w }))
                : [],
          );
          // Weights and biases; the weights of some layers are in two parts on two devices.
          expect(new Set(updated.map(({ w }) => w.offset)).size).toBe(updated.length);
          expect(updated.length).toBeGreaterThanOrEqual(16);
          expect(gradients.length > 0).toBe(update === 'layer');
          for (const { i, w } of updated) {
            const later = list
              .slice(i + 1)
              .filter((command) => 'w' in command && command.w.offset === w.offset);
            expect(later).toEqual([]);
          }
        });
      }
    },
  );

  it('keeps each of two devices under 3 GB at batch 128, as the cards of 2012', () => {
    for (const bytes of plan(options('paper', 2, 128)).arenaBytes) expect(bytes).toBeLessThan(3e9);
  });
});

describe.each(presetNames)('the plan of preset %s', (name) => {
  const devices = name === 'caffe' ? [1] : [1, 2];

  it.each(devices)('on %i device(s) holds every parameter exactly once', (count) => {
    const made = plan(options(name, count, 2));
    const trained = made.shards.filter(({ role }) => isTrained(role));
    const held = trained.reduce((sum, { value }) => sum + value.shape.reduce((a, b) => a * b), 0);
    expect(held).toBe(graphTotals(preset(name, 1000).graph).parameters);
  });

  it.each(devices)('on %i device(s) gives no two living values the same memory', (count) => {
    const scratch = (_: number, { op }: Command): number => (op.startsWith('convolution') ? 100_000 : 100);
    const made = plan({ ...options(name, count, 2), workspaceOf: scratch });
    made.lists.forEach((list, device) => {
      const end = made.arenaBytes[device] ?? 0;
      const places = livingPlaces(made, device);
      for (const [i, one] of places.entries()) {
        expect(one.to).toBeLessThanOrEqual(end);
        for (const other of places.slice(i + 1)) {
          const together = one.first <= other.last && other.first <= one.last;
          if (together && one.from < other.to && other.from < one.to)
            expect.fail(`${one.name} and ${other.name} share memory`);
        }
      }
      list.forEach(({ workspace }, i) => {
        if (!workspace) return;
        expect(workspace.offset + workspace.bytes).toBeLessThanOrEqual(end);
        const under = places.filter(
          ({ first, last, from, to }) =>
            first <= i && i <= last && from < workspace.offset + workspace.bytes && workspace.offset < to,
        );
        expect(under.map((place) => place.name)).toEqual([]);
      });
      expect(list.some(({ workspace }) => workspace)).toBe(true);
    });
  });

  it.each(devices)('on %i device(s) finishes: no device waits for what is never sent', (count) => {
    const made = plan(options(name, count, 2));
    const spans = timeline(made.drafts, made.transfers, nominalRates);
    const ran = spans.filter(({ op }) => op !== 'wait').length;
    const commands = made.drafts.flat().filter(({ op }) => op !== 'wait').length;
    expect(ran).toBe(commands);
  });

  it.each(devices)(
    'finds weights and mean at the same place in training and inference on %i device(s)',
    (count) => {
      const training = plan(options(name, count, 2));
      const inference = plan(options(name, count, 5, false));
      const offsets = (made: ReturnType<typeof plan>) =>
        made.shards.map(({ value }) => made.place(value).tensor.offset);
      expect(offsets(inference)).toEqual(offsets(training));
      expect(inference.mean).toEqual(training.mean);
    },
  );
});

it('refuses to share out a normalisation across all maps over two devices, and says why', () => {
  expect(() => plan(options('caffe', 2, 2))).toThrow(
    /lrn1 of caffe normalises across all maps.*use one device/,
  );
});
