/** A report for people, in at most 100 columns. */

import type { Precision } from '../../lib/plan/precision.js';
import { bytes, count, percent, rate, significant } from '../../lib/text/numbers.js';
import { table, type Column } from '../../lib/text/table.js';
import type { PeerCopy } from '../../lib/bench/peer-copies.js';
import type { Report } from '../../lib/bench/report.js';
import {
  perSecond,
  sumOfOps,
  throughput,
  type Ceilings,
  type OpTime,
  type Pass,
} from '../../lib/bench/rows.js';

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

const share = (value: number | undefined): string =>
  value === undefined ? '–' : `${Math.round(100 * value)} %`;
const time = (milliseconds: number): string => milliseconds.toFixed(milliseconds < 10 ? 3 : 1);

const inThousands = (gflops: number): string => rate(gflops / 1000);

function ceilingLine({ device, copyGigabytes, gflops, isa }: Ceilings): string {
  if (isa !== undefined) {
    return `${device}: ${count(gflops.fp32 ?? 0)} GFLOP/s of ${isa} multiply-adds, ${rate(copyGigabytes)} GB/s copy`;
  }
  const cores = Object.entries(gflops).flatMap(([precision, value]) =>
    value > 0 ? [`${precision} ${inThousands(value)}`] : [],
  );
  return `${device}: ${cores.join(', ')} TFLOP/s from registers, ${count(copyGigabytes)} GB/s copy`;
}

export function headLines(report: Report): string[] {
  const { options, cards, emulated, driver, threads } = report;
  const machine =
    cards.length > 0
      ? cards.map(
          ({ name, memory, computeCapability }) =>
            `${name}${emulated ? ' (emulated)' : ''}, ${bytes(memory)}, compute capability ${computeCapability / 10}`,
        )
      : [`${report.cpu ?? 'unknown processor'}, ${threads} threads`];
  return [
    `${options.preset} on ${options.devices}${driver === null ? '' : `, driver ${driver}`}`,
    ...new Set(machine),
    'ceilings, measured now:',
    ...new Set(report.ceilings.map((ceilings) => `  ${ceilingLine(ceilings)}`)),
  ];
}

/** Every op of a pass, in the order of execution. */
function opLines(all: readonly OpTime[], ceilings: readonly Ceilings[]): string[] {
  const rows = all.filter(({ op }) => op !== 'transfer');
  const several = ceilings.length > 1;
  const onCards = ceilings.every(({ isa }) => isa === undefined);
  const whole = sumOfOps(rows);
  const cells = rows.map((row) => {
    const { gflops, gigabytes, ofPeak, ofCopy } = throughput(row, ceilings[row.device]);
    return [
      ...(several ? [String(row.device)] : []),
      row.label,
      row.op,
      time(row.milliseconds),
      whole > 0 ? percent(row.milliseconds / whole) : '–',
      row.flops > 0 ? rate(onCards ? gflops / 1000 : gflops) : '–',
      share(ofPeak),
      row.bytes > 0 ? rate(gigabytes) : '–',
      share(ofCopy),
    ];
  });
  return table(
    [
      ...(several ? [right('dev')] : []),
      left('layer'),
      left('op'),
      right('ms'),
      right('of all'),
      right(onCards ? 'TFLOP/s' : 'GFLOP/s'),
      right('peak'),
      right('GB/s'),
      right('copy'),
    ],
    cells,
    '  ',
  );
}

/** What is sent from device to device in a pass, while they compute. */
function transferLines(all: readonly OpTime[]): string[] {
  const rows = all.filter(({ op }) => op === 'transfer');
  if (rows.length === 0) return [];
  const cells = rows.map(({ device, label, bytes: sent, milliseconds }) => [
    label,
    `${device} → ${1 - device}`,
    bytes(sent),
    time(milliseconds),
    rate(perSecond(sent, milliseconds)),
  ]);
  return table([left('transfer'), left('devices'), right('bytes'), right('ms'), right('GB/s')], cells, '  ');
}

/** Of all devices together; a device that is named twice counts once. */
function peak(ceilings: readonly Ceilings[], precision: Precision): number {
  const each = new Map(ceilings.map(({ device, gflops }) => [device, gflops[precision] ?? 0]));
  return [...each.values()].reduce((a, b) => a + b, 0);
}

const nameOf: Record<Pass, string> = { training: 'a training step', inference: 'an inference' };

/** What a report has of one batch in one precision. */
export function settingLines(report: Report, batch: number, precision: Precision): string[] {
  const here = (row: { batch: number; precision: string }): boolean =>
    row.batch === batch && row.precision === precision;
  return (['training', 'inference'] as const).flatMap((pass) => {
    const rows = report.ops.filter((row) => here(row) && row.pass === pass);
    const rates = report.rates.filter((row) => here(row) && row.pass === pass);
    if (rates.length === 0) return [];
    const sum = sumOfOps(rows);
    const flops = rows.reduce((total, row) => total + row.flops, 0);
    const most = peak(report.ceilings, precision);
    return [
      '',
      `${nameOf[pass]}, batch ${batch}, ${precision}`,
      ...opLines(rows, report.ceilings),
      ...transferLines(rows),
      ...rates.map(({ variant, milliseconds, imagesPerSecond }) => {
        const gflops = perSecond(flops, milliseconds);
        const ofPeak = most > 0 ? `, ${percent(gflops / most)} of the peak` : '';
        return `  ${variant}: ${rate(imagesPerSecond)} images/s, ${time(milliseconds)} ms${ofPeak}`;
      }),
      `  the ops one by one: ${time(sum)} ms${rates[0] ? `, ${significant(sum / rates[0].milliseconds)} of the step's time` : ''}`,
    ];
  });
}

export function copyLines(copies: readonly PeerCopy[]): string[] {
  if (copies.length === 0) return [];
  const rows = copies.map(({ how, ways, bytes: sent, milliseconds, gigabytes }) => [
    how,
    ways === 1 ? 'one way' : 'both ways',
    bytes(sent),
    time(milliseconds),
    rate(gigabytes),
  ]);
  return [
    '',
    'copies between the devices, each way, nothing else running',
    ...table([left('how'), left('ways'), right('bytes'), right('ms'), right('GB/s')], rows, '  '),
  ];
}
