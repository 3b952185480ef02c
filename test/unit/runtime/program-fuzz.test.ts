/** Whatever a program says, it is either refused with an error that names the command, or it runs: never a crash. */

import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import type { Command, Tensor } from '../../../lib/plan/commands.js';
import { Program } from '../../../lib/runtime/native/program.js';
import { Device } from '../../../lib/runtime/native/device.js';
import { changed, labelled, validOps } from './program-commands.js';

/** Small, so that what fits runs in no time. */
const arena = 8192;
const scratch = 65536;
const runs = 800;

/** Every path to a value inside a command: 'x', 'x.shape', 'x.shape.0', ... */
function paths(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    `${prefix}${name}`,
    ...paths(inner, `${prefix}${name}.`),
  ]);
}

const small = fc.integer({ min: -2, max: 9 });
const places = fc.integer({ min: 0, max: arena / 64 + 1 }).map((n) => n * 64);
const extremes = fc.constantFrom(
  -1,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  -0,
  1e300,
  5e-324,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 40,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
);
const numbers = fc.oneof({ weight: 4, arbitrary: small }, { weight: 2, arbitrary: places }, extremes);
const anything = fc.oneof(
  { weight: 8, arbitrary: numbers },
  fc.array(numbers, { maxLength: 5 }),
  fc.constantFrom(undefined, null, true, false, '', 'relu', 'tanh', 'float64', 'int32', 'uint8', 'x', {}),
  fc.record({ offset: places, shape: fc.tuple(small, small, small, small) }),
);

const examples = validOps();
const mutated: fc.Arbitrary<Command> = fc
  .integer({ min: 0, max: examples.length - 1 })
  .chain((i) => {
    const command = labelled(examples[i]!);
    const change = fc.tuple(fc.constantFrom(...paths(command)), anything);
    return fc.tuple(fc.constant(command), fc.array(change, { minLength: 0, maxLength: 4 }));
  })
  .map(([command, changes]) => changes.reduce(applied, command));

/** A change of something that an earlier one has taken away changes nothing. */
function applied(command: Command, [path, value]: [string, unknown]): Command {
  try {
    return changed(command, path, value);
  } catch {
    return command;
  }
}

/** Small tensors at random places, mostly of one shape: transfers and copies among them are often valid. */
const odd: fc.Arbitrary<Tensor> = fc.record({ offset: places, shape: fc.tuple(small, small, small, small) });
const same: fc.Arbitrary<Tensor> = fc.record({ offset: places, shape: fc.constant([1, 1, 2, 4] as const) });
const tensor = fc.oneof({ weight: 5, arbitrary: same }, odd);
const meeting: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    op: fc.constant('transfer' as const),
    label: fc.constant('send'),
    x: tensor,
    to: tensor,
    device: fc.integer({ min: -1, max: 2 }),
    event: fc.nat(3),
  }),
  fc.record({ op: fc.constant('wait' as const), label: fc.constant('wait'), event: fc.nat(3) }),
  fc.record({ op: fc.constant('fill' as const), label: fc.constant('fill'), y: same, value: fc.constant(1) }),
  fc.record({ op: fc.constant('copy' as const), label: fc.constant('copy'), x: same, y: same }),
);

const opened = (['reference', 'cpu'] as const).map(
  (name) =>
    [name, [new Device({ backend: name, threads: 2 }), new Device({ backend: name, threads: 1 })]] as const,
);
for (const [, devices] of opened) for (const device of devices) device.reserve(arena + scratch);
afterAll(() => opened.forEach(([, devices]) => devices.forEach((device) => device.close())));

/** With the scratch that the device asks for, where it is modest. */
function withScratch(device: Device, command: Command): Command {
  const bytes = device.workspace(command);
  return bytes > 0 && bytes <= scratch ? { ...command, workspace: { offset: arena, bytes } } : command;
}

const outcomes = new Map<string, number>();

async function attempt(devices: readonly Device[], lists: readonly (readonly Command[])[]): Promise<void> {
  let outcome = 'done';
  try {
    const placed = lists.map((list, i) => list.map((command) => withScratch(devices[i]!, command)));
    const program = new Program(devices, placed);
    // Whatever bits the arena holds, also labels and crops that do not exist.
    await program.run({ number: 0, learningRates: [0.1, 0.2, 0.3] });
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    expect(['BAD_PROGRAM', 'DATA', 'USAGE'], message).toContain(code);
    if (code !== 'USAGE') expect(message).toMatch(/command/);
    outcome = code;
  }
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

describe.each(opened)('on %s', (_, devices) => {
  it('a command with anything in it is refused or runs', async () => {
    outcomes.clear();
    await fc.assert(
      fc.asyncProperty(fc.array(mutated, { minLength: 1, maxLength: 3 }), async (list) => {
        await attempt([devices[0]!], [list]);
      }),
      { numRuns: runs },
    );
    expect(outcomes.get('done')).toBeGreaterThan(runs / 50);
  });

  it('lists that meet in any way are refused or come to their ends', async () => {
    outcomes.clear();
    const list = fc.array(meeting, { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(list, list, async (first, second) => {
        await attempt(devices, [first, second]);
      }),
      { numRuns: runs },
    );
    expect(outcomes.get('done')).toBeGreaterThan(runs / 50);
  });
});
