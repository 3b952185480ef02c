import { describe, expect, it } from 'vitest';
import { median, opTimes, perSecond, sumOfOps, throughput, type OpTime } from '../../../lib/bench/rows.js';
import { preset } from '../../../lib/graph/presets.js';
import { plan } from '../../../lib/plan/plan.js';
import type { ProfileSpan } from '../../../lib/runtime/native/program.js';

const setting = { batch: 4, precision: 'bf16', pass: 'inference' } as const;
const row = (values: Partial<OpTime>): OpTime => ({
  ...setting,
  device: 0,
  label: 'conv1',
  op: 'convolution_forward',
  milliseconds: 2,
  flops: 4e9,
  bytes: 1e9,
  ...values,
});
const ceilings = { device: 'cuda:0', copyGigabytes: 1000, gflops: { bf16: 8000, fp32: 4000 } };

describe('the rows of a benchmark', () => {
  it('take the median', () => {
    expect([[3], [5, 1, 3], [4, 1, 3, 2], []].map((values) => median(values))).toEqual([3, 3, 2.5, 0]);
  });

  it('are the commands of a plan, each with its median over the runs; what is sent has bytes, waits are left out', () => {
    const { graph, preprocessing } = preset('mini', 10);
    const made = plan({
      graph,
      preprocessing,
      devices: 2,
      batch: 4,
      seed: [0, 0],
      precision: 'bf16',
      workspaceOf: () => 0,
    });
    const spans = (factor: number): ProfileSpan[] =>
      made.lists.flatMap((list, device) =>
        list.map((_, command) => ({ device, command, start: 1, end: 1 + factor * (command + 1) })),
      );
    const rows = opTimes(setting, made.drafts, [spans(1), spans(5), spans(2)]);
    const commands = made.drafts.flat();
    expect(rows).toHaveLength(commands.filter(({ op }) => op !== 'wait').length);
    expect(rows[0]).toMatchObject({
      ...setting,
      device: 0,
      label: 'input',
      op: 'preprocess',
      milliseconds: 2,
    });
    const sent = rows.filter(({ op }) => op === 'transfer');
    expect(sent.map(({ bytes }) => bytes)).toEqual(
      [0, 1].flatMap((device) =>
        made.transfers.filter(({ from }) => from === device).map(({ bytes }) => bytes),
      ),
    );
    const products = rows.filter(({ op }) => op === 'convolution_forward');
    expect(products.every(({ flops, bytes }) => flops > 0 && bytes > 0)).toBe(true);
  });

  it('of nothing are none', () => {
    expect(opTimes(setting, [], [])).toEqual([]);
  });

  it('add up on the device that is busy longest, without what runs beside the computation', () => {
    const rows = [
      row({ milliseconds: 2 }),
      row({ milliseconds: 3, device: 1 }),
      row({ milliseconds: 2, device: 1 }),
      row({ milliseconds: 50, op: 'transfer' }),
    ];
    expect(sumOfOps(rows)).toBe(5);
    expect(sumOfOps([])).toBe(0);
  });

  it('are held against the cores that products use, and everything else against float32', () => {
    expect(throughput(row({}), ceilings)).toEqual({
      gflops: 2000,
      gigabytes: 500,
      ofPeak: 0.25,
      ofCopy: 0.5,
    });
    expect(throughput(row({ op: 'lrn_forward' }), ceilings).ofPeak).toBe(0.5);
    expect(throughput(row({ op: 'transfer', flops: 0 }), ceilings)).toMatchObject({
      gigabytes: 500,
      ofPeak: undefined,
      ofCopy: undefined,
    });
  });

  it('have no share of a ceiling that is not there, and no rate in no time', () => {
    const without = { device: 'cuda:0', copyGigabytes: 0, gflops: { bf16: 0 } };
    expect(throughput(row({}), without)).toMatchObject({ ofPeak: undefined, ofCopy: undefined });
    expect(throughput(row({}), undefined).ofPeak).toBeUndefined();
    expect(perSecond(1e9, 0)).toBe(0);
  });
});
