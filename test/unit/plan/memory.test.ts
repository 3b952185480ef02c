import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../lib/plan/builder.js';
import {
  alignment,
  lifetimes,
  operands,
  peakByKind,
  placePersistent,
  placeTransient,
  valueBytes,
  type Lifetime,
} from '../../../lib/plan/memory.js';
import { command, reads, value } from './values.js';

describe('the operands of a command', () => {
  const [x, y, w, v, g, copy] = ['x', 'y', 'w', 'v', 'g', 'copy'].map((name) => value(name, 1)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];

  it.each([
    ['of most, every value it names', reads(x, y), [x, y]],
    ['of a sum, the summands too', command({ op: 'sum', xs: [x, w], y }), [x, w, y]],
    [
      'of an update, those of every segment',
      command({
        op: 'sgd',
        segments: [
          { w, v, g, rate: 0, decay: 0 },
          { w: x, v: y, g, copy, rate: 0, decay: 0 },
        ],
        momentum: 0.9,
      }),
      [w, v, g, x, y, g, copy],
    ],
    [
      'of a transfer, what is on its own device',
      command({ op: 'transfer', x, to: y, device: 1, event: 0 }),
      [x],
    ],
    ['of a wait, none', command({ op: 'wait', event: 0 }), []],
  ])('%s', (_, given, expected) => {
    expect(operands(given)).toEqual(expected);
  });
});

describe('a value needs its place', () => {
  const [a, b, c] = [value('a', 1), value('b', 1), value('c', 1)];
  const list = (x: Value) => [reads(a, b), reads(b, x), reads(x, c), reads(b, c)];

  it.each([
    ['from its first command to its last', value('x', 1), { first: 1, last: 2 }],
    ['to the end of the list where it is kept', value('x', 1, { keep: true }), { first: 1, last: 4 }],
    ['from the start where the host writes it', value('x', 1, { kind: 'input' }), { first: 0, last: 2 }],
    [
      'from the start where another device sends it',
      value('x', 1, { kind: 'received' }),
      { first: 0, last: 2 },
    ],
    ['throughout where it is the workspace', value('x', 1, { kind: 'workspace' }), { first: 0, last: 4 }],
  ])('%s', (_, x, expected) => {
    expect(lifetimes([a, b, c, x], list(x)).get(x)).toEqual(expected);
  });

  it('throughout where no command names it', () => {
    const unused = value('unused', 1);
    expect(lifetimes([unused], list(value('x', 1))).get(unused)).toEqual({ first: 0, last: 4 });
  });
});

it.each([
  [1, 'float32', 64],
  [16, 'float32', 64],
  [17, 'float32', 128],
  [17, 'bfloat16', 64],
  [64, 'uint8', 64],
  [9, 'float64', 128],
] as const)('%i numbers of %s take %i bytes', (count, dtype, bytes) => {
  expect(valueBytes(value('x', count, { dtype }))).toBe(bytes);
});

it('persistent values lie one behind the other in their order', () => {
  const values = [
    value('w', 17, { kind: 'weights' }),
    value('bias', 3, { kind: 'weights' }),
    value('mean', 16),
  ];
  const { offsets, bytes } = placePersistent(values);
  expect(values.map((one) => offsets.get(one))).toEqual([0, 128, 192]);
  expect(bytes).toBe(256);
});

describe('transient values are placed', () => {
  /** [numbers of float32, first, last, offset expected] */
  type Row = readonly [numbers: number, first: number, last: number, offset: number];
  const tables: readonly (readonly [string, base: number, bytes: number, rows: readonly Row[]])[] = [
    [
      'one behind the other while they live together',
      0,
      192,
      [
        [16, 0, 2, 0],
        [16, 1, 2, 64],
        [16, 2, 3, 128],
      ],
    ],
    [
      'where one lay that is no longer needed',
      0,
      128,
      [
        [16, 0, 1, 0],
        [16, 1, 2, 64],
        [16, 2, 3, 0],
      ],
    ],
    [
      'not where one is read that the same command still reads',
      0,
      128,
      [
        [16, 0, 1, 0],
        [16, 1, 1, 64],
      ],
    ],
    [
      'behind the persistent ones',
      640,
      768,
      [
        [16, 0, 1, 640],
        [16, 1, 2, 704],
      ],
    ],
    [
      'the largest first, the small ones in what it leaves',
      0,
      320,
      [
        [16, 0, 4, 256],
        [64, 0, 1, 0],
        [32, 2, 3, 0],
        [32, 2, 4, 128],
      ],
    ],
    [
      'in the first gap that is large enough',
      0,
      768,
      [
        [80, 0, 0, 0],
        [64, 0, 4, 320],
        [48, 1, 4, 0],
        [48, 2, 4, 576],
        [32, 2, 4, 192],
      ],
    ],
  ];

  it.each(tables)('%s', (_, base, bytes, rows) => {
    const values = rows.map(([numbers], i) => value(`v${i}`, numbers));
    const alive = new Map(values.map((one, i) => [one, { first: rows[i]![1], last: rows[i]![2] }]));
    const placed = placeTransient(values, alive, base);
    expect(values.map((one) => placed.offsets.get(one))).toEqual(rows.map((row) => row[3]));
    expect(placed.bytes).toBe(bytes);
  });

  it('aligned, apart from all that live at the same time, in no more than all take together', () => {
    const drawn = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 5 }),
      ),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(drawn, fc.integer({ min: 0, max: 9 }), (rows, base64) => {
        const base = base64 * alignment;
        const values = rows.map(([numbers], i) => value(`v${i}`, numbers));
        const alive = new Map<Value, Lifetime>(
          values.map((one, i) => [one, { first: rows[i]![1], last: rows[i]![1] + rows[i]![2] }]),
        );
        const { offsets, bytes } = placeTransient(values, alive, base);
        const all = values.map((one) => ({
          from: offsets.get(one)!,
          to: offsets.get(one)! + valueBytes(one),
          ...alive.get(one)!,
        }));
        for (const [i, one] of all.entries()) {
          expect(one.from % alignment).toBe(0);
          expect(one.from).toBeGreaterThanOrEqual(base);
          expect(one.to).toBeLessThanOrEqual(bytes);
          for (const other of all.slice(i + 1)) {
            const together = one.first <= other.last && other.first <= one.last;
            if (together) expect(one.to <= other.from || other.to <= one.from).toBe(true);
          }
        }
        const sum = values.reduce((total, one) => total + valueBytes(one), base);
        expect(bytes).toBeLessThanOrEqual(sum);
      }),
    );
  });
});

it('the peak is what lives when most does, by kind, what persists always among it', () => {
  const w = value('w', 16, { kind: 'weights' });
  const input = value('input', 32, { kind: 'input' });
  const [a, g] = [value('a', 64), value('g', 48, { kind: 'gradients' })];
  const alive = new Map([
    [input, { first: 0, last: 0 }],
    [a, { first: 0, last: 1 }],
    [g, { first: 1, last: 2 }],
  ]);
  // Command 0: 64 + 128 + 256 bytes; 1: 64 + 256 + 192; 2: 64 + 192.
  expect(peakByKind([w, input, a, g], alive, 3)).toEqual({
    weights: 64,
    momentum: 0,
    mean: 0,
    input: 0,
    activations: 256,
    gradients: 192,
    received: 0,
    workspace: 0,
  });
});
