import { describe, expect, it } from 'vitest';
import { compare, isResults, type Results } from '../../../bench/comparison.js';

const setting = { batch: 128, precision: 'bf16', pass: 'training' } as const;
type Row = Results['ops'][number];

function op(label: string, milliseconds: number, more: Partial<Row> = {}): Row {
  return { ...setting, device: 0, label, op: 'sgd', milliseconds, flops: 0, bytes: 0, ...more };
}
const rate = (variant: string, imagesPerSecond: number, more = {}): Results['rates'][number] => ({
  ...setting,
  variant,
  imagesPerSecond,
  milliseconds: 128_000 / imagesPerSecond,
  ...more,
});
const results = (
  ops: readonly Row[],
  rates: Results['rates'] = [],
): Results & { readonly program: string } => ({ program: 'a', ops, rates });

describe('a comparison', () => {
  it("pairs rows by layer and op in our order, the peer's own behind them, with the peer's time over ours", () => {
    const [found] = compare(
      results([op('fc8', 2), op('fc7', 1), op('fc6', 4)]),
      results([op('copy', 9), op('fc6', 2), op('fc8', 5)]),
    );
    expect(found?.ops.map(({ label, ours, peer, ratio }) => [label, ours, peer, ratio])).toEqual([
      ['fc8', 2, 5, 2.5],
      ['fc7', 1, undefined, undefined],
      ['fc6', 4, 2, 0.5],
      ['copy', undefined, 9, undefined],
    ]);
    expect(found?.total).toEqual({ ours: 6, peer: 7, ratio: 7 / 6 });
  });

  it('holds a gradient with its update in it against the gradient, and both updates against each other', () => {
    const [found] = compare(
      results([op('fc6', 3, { op: 'convolution_update' }), op('update', 1)]),
      results([op('fc6', 2, { op: 'convolution_backward_weights' }), op('update', 4)]),
    );
    expect(found?.ops.map(({ label, ours, peer }) => [label, ours, peer])).toEqual([
      ['fc6', 3, 2],
      ['update', 1, 4],
    ]);
    expect(found?.total).toEqual({ ours: 4, peer: 6, ratio: 1.5 });
  });

  it("takes the fastest of the peer's ways to do an op", () => {
    const [found] = compare(
      results([op('update', 1)]),
      results([op('update', 3, { variant: 'foreach' }), op('update', 2, { variant: 'fused' })]),
    );
    expect(found?.ops).toEqual([
      { label: 'update', op: 'sgd', ours: 1, peer: 2, ratio: 2, variant: 'fused' },
    ]);
  });

  it('adds up the rows of one layer on one device, and counts the slower device', () => {
    const [found] = compare(
      results([op('conv3', 1), op('conv3', 2), op('conv3', 2, { device: 1 })]),
      results([op('conv3', 6)]),
    );
    expect(found?.ops[0]).toMatchObject({ ours: 3, peer: 6, ratio: 2 });
  });

  it('keeps batches, precisions and passes apart, training first', () => {
    const inference = { pass: 'inference' } as const;
    const found = compare(
      results([op('fc8', 1, inference), op('fc8', 1), op('fc8', 1, { batch: 512 })]),
      results([op('fc8', 1, { precision: 'fp32' })]),
    );
    expect(found.map(({ pass, batch, precision }) => [pass, batch, precision])).toEqual([
      ['training', 128, 'bf16'],
      ['training', 512, 'bf16'],
      ['training', 128, 'fp32'],
      ['inference', 128, 'bf16'],
    ]);
  });

  it('holds our best rate against each of the others, the fastest first', () => {
    const [found] = compare(
      results([], [rate('sent', 800), rate('not sent', 1000)]),
      results([], [rate('launched', 250), rate('graph', 500)]),
    );
    expect(found?.ours.map(({ ratio }) => ratio)).toEqual([1.25, 1]);
    expect(found?.peer).toEqual([
      { variant: 'graph', imagesPerSecond: 500, ratio: 2 },
      { variant: 'launched', imagesPerSecond: 250, ratio: 4 },
    ]);
  });

  it('says nothing of a rate that one side does not have', () => {
    const [found] = compare(results([]), results([], [rate('graph', 500)]));
    expect(found).toMatchObject({ ours: [], peer: [{ ratio: undefined }] });
  });
});

describe('a file to compare', () => {
  it('has a program, ops and rates', () => {
    expect(isResults(JSON.parse(JSON.stringify(results([op('fc8', 1)], [rate('graph', 1)]))))).toBe(true);
  });

  it.each([
    ['null', null],
    ['a list', []],
    ['no rates', { program: 'a', ops: [] }],
    ['a time that is none', { program: 'a', ops: [op('fc8', Number.NaN)], rates: [] }],
    ['a pass nobody knows', { program: 'a', ops: [{ ...op('fc8', 1), pass: 'testing' }], rates: [] }],
    ['a rate without images', { program: 'a', ops: [], rates: [{ ...setting, milliseconds: 1 }] }],
    ['a row that is null', { program: 'a', ops: [null], rates: [] }],
  ])('is refused with %s', (_, value) => {
    expect(isResults(value)).toBe(false);
  });
});
