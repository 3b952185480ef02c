/** Images a second on the CPU, ours beside others': plain data and its tables. Pure. */

import { rate, significant } from '../lib/text/numbers.js';
import { table, type Column } from '../lib/text/table.js';
import type { Pass } from '../lib/bench/rows.js';

export interface CpuSetting {
  readonly pass: Pass;
  readonly batch: number;
  readonly threads: number;
}

export interface CpuRow extends CpuSetting {
  /** 'ours', 'pytorch-tuned', … */
  readonly contender: string;
  /** With its version. */
  readonly program: string;
  /** Of a step; median over the rounds. */
  readonly milliseconds: number;
  readonly imagesPerSecond: number;
  /** Its time over ours in the same round; median over the rounds. */
  readonly ratio: number;
  readonly rounds: number;
  /** Of the last image's logarithms of probabilities: the largest difference from ours, of their spread. */
  readonly difference?: number;
}

export const ours = 'ours';

/** Two programs that compute the same in float32 stay far below this. */
export const mostDifference = 0.01;

/** The largest difference between two images' log p, as a part of how far apart the first one's own are. */
export function difference(own: readonly number[], other: readonly number[]): number {
  if (own.length !== other.length) return Infinity;
  const logs = own.map((p) => Math.log(p));
  const spread = logs.reduce((a, b) => Math.max(a, b)) - logs.reduce((a, b) => Math.min(a, b));
  return logs.reduce((most, log, i) => Math.max(most, Math.abs(log - Math.log(other[i] ?? 0))), 0) / spread;
}

const column = (title: string, align: Column['align'] = 'right'): Column => ({ title, align });
const times = (ratio: number): string => `${significant(ratio, 3)} ×`;
const threadsOf = ({ threads }: CpuSetting): string => (threads === 1 ? '1 thread' : `${threads} threads`);

/** All that was measured in one setting. */
export function settingLines(rows: readonly CpuRow[]): string[] {
  const [first] = rows;
  if (!first) return [];
  return [
    `${first.pass}, batch ${first.batch}, ${threadsOf(first)}`,
    ...table(
      [
        column('', 'left'),
        column('images/s'),
        column('ms'),
        column('its time/ours'),
        column('rounds'),
        column('outputs differ by'),
      ],
      rows.map(({ contender, imagesPerSecond, milliseconds, ratio, rounds, difference: by }) => [
        contender,
        rate(imagesPerSecond),
        milliseconds.toFixed(1),
        times(ratio),
        String(rounds),
        by === undefined ? '' : significant(by, 1).toString(),
      ]),
      '  ',
    ),
    '',
  ];
}

export const sameSetting = (a: CpuSetting, b: CpuSetting): boolean =>
  a.pass === b.pass && a.batch === b.batch && a.threads === b.threads;

/** Ours beside the fastest of the others, a line a setting. */
export function summaryLines(rows: readonly CpuRow[]): string[] {
  const own = rows.filter(({ contender }) => contender === ours);
  return table(
    [
      column('', 'left'),
      column('batch'),
      column('threads'),
      column('ours, images/s'),
      column('the fastest other', 'left'),
      column('images/s'),
      column('its time/ours'),
    ],
    own.map((row) => {
      const others = rows.filter((other) => !other.contender.startsWith(ours) && sameSetting(row, other));
      const [best] = others.toSorted((a, b) => a.ratio - b.ratio);
      return [
        row.pass,
        String(row.batch),
        String(row.threads),
        rate(row.imagesPerSecond),
        ...(best ? [best.contender, rate(best.imagesPerSecond), times(best.ratio)] : []),
      ];
    }),
  );
}
