/** The number of threads changes no bit: of any op on random shapes, and of any convolution of the presets. */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { preset, type PresetName } from '../../lib/graph/presets.js';
import { isValue } from '../../lib/plan/builder.js';
import type { Op, Shape, Tensor } from '../../lib/plan/commands.js';
import { plan } from '../../lib/plan/plan.js';
import { changed, count, defineCase, dense, input, output, type Case, type Operand } from './case.js';
import { stridedOps, type Draw } from './cases/index.js';
import { Random } from './random.js';
import { TestDevice, type Results } from './run.js';

const threadCounts = [1, 2, 3, 4, 7];
/** For the weights of fc6, and as large a gradient. */
const arenaBytes = 512 * 2 ** 20;
/** Few images have kernels of their own in fully connected layers. */
const batches = [5, 9];

export interface ThreadsSuiteOptions {
  readonly cases: Readonly<Record<string, Draw>>;
  readonly casesPerOp?: number;
  readonly presets: readonly PresetName[];
  readonly prepared?: (test: Case) => Case;
}

export function threadsSuite(
  title: string,
  { cases, casesPerOp = 40, presets, prepared = (test) => test }: ThreadsSuiteOptions,
): void {
  const about = `the same bits on ${threadCounts.slice(0, -1).join(', ')} and ${threadCounts.at(-1)} threads`;

  describe(`${title} has ${about}`, () => {
    let devices: TestDevice[];
    beforeAll(() => {
      devices = threadCounts.map((threads) => new TestDevice('cpu', threads, arenaBytes));
    });
    afterAll(() => devices.forEach((device) => device[Symbol.dispose]()));

    async function check(test: Case, message: string): Promise<void> {
      const [first, ...others] = threadCounts.keys();
      const wanted = digest(await devices[first!]!.run(test));
      for (const other of others) {
        const got = digest(await devices[other]!.run(test));
        expect(got === wanted, `${message} with ${threadCounts[other]} threads`).toBe(true);
      }
    }

    it.each(Object.entries(cases))('%s', async (name, draw) => {
      for (let i = 0; i < casesPerOp; i++) {
        const drawn = prepared(draw(new Random(`${name} on threads`, i)));
        await check(stridedOps.has(name) ? drawn : dense(drawn), `case ${i}`);
      }
    });

    const done = new Set<string>();
    it.each(presets)('every convolution of %s that none before it has', async (name) => {
      for (const [what, test] of convolutionsOf(name)) {
        if (!done.has(what)) await check(prepared(test), what);
        done.add(what);
      }
    });
  });
}

function digest(results: Results): string {
  const hash = createHash('sha1');
  for (const { buffer, byteOffset, byteLength } of Object.values(results))
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

type Convolution<T> = Extract<Op<T>, { readonly op: `convolution_${string}` }>;

/** The convolutions of a training step, every shape once: fully connected layers for both batches, others for the smaller. */
function convolutionsOf(name: PresetName): Map<string, Case> {
  const found = new Map<string, Case>();
  for (const batch of batches) {
    const { drafts } = plan({
      ...preset(name, 1000),
      devices: 1,
      batch,
      seed: [1, 0],
      training: { momentum: 0.9, weightDecay: 0.0005, decayBiases: false, update: 'layer' },
      workspaceOf: () => 0,
    });
    for (const draft of drafts.flat()) {
      if (!draft.op.startsWith('convolution_')) continue;
      const { label: _, ...rest } = draft;
      const command = rest as Convolution<{ readonly shape: Shape }>;
      const { stride, padding } = command;
      const convolution = caseOf(command);
      const { y, dy } = convolution.operands;
      const connected = (y ?? dy)?.shape[1] === 1;
      if (batch > batches[0]! && !connected) continue;
      const shapes = Object.entries(convolution.operands).map(
        ([key, { shape }]) => `${key} ${shape.join('×')}`,
      );
      found.set(
        `${draft.op}: ${shapes.join('; ')}, stride ${stride}, padding ${padding.join()}`,
        convolution,
      );
    }
  }
  return found;
}

/** The results of each pass. */
const written = new Set(['y', 'dx', 'dw', 'db']);

function caseOf(command: Convolution<{ readonly shape: Shape }>): Case {
  const operands: Record<string, Operand> = {};
  const own: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(command)) {
    if (!isValue(value)) {
      if (field !== 'workspace') own[field] = value;
      continue;
    }
    const reading = input(numbers(field, value.shape), value.shape);
    const fresh = !('accumulate' in command && command.accumulate);
    operands[field] = !written.has(field) ? reading : fresh ? output(0, value.shape) : changed(reading, 0);
  }
  return defineCase(operands, (at) => [{ ...own, ...at } as unknown as Op<Tensor>]);
}

/** Numbers that repeat, for drawing millions takes long; a prime apart, so that no two rows are alike. */
function numbers(field: string, shape: Shape): Float32Array {
  const drawn = new Random(`${field} on threads`, 0).normal(9973);
  const all = new Float32Array(count(shape));
  for (let at = 0; at < all.length; at += drawn.length) all.set(drawn.subarray(0, all.length - at), at);
  return all;
}
