/**
 * npm run bench:compare OURS.json PEER.json [-- --json]
 * Two programs' figures side by side, row by row, with the ratio of their times.
 */

import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { rate, significant } from '../lib/text/numbers.js';
import { table, type Column } from '../lib/text/table.js';
import { compare, isResults, type Comparison, type RatePair, type Results } from './comparison.js';

const column = (title: string, align: Column['align'] = 'right'): Column => ({ title, align });
const time = (milliseconds: number | undefined): string => milliseconds?.toFixed(3) ?? '–';
const times = (ratio: number | undefined): string =>
  ratio === undefined ? '–' : `${significant(ratio, 3)} ×`;

function read(file: string): Results {
  const value = JSON.parse(readFileSync(file, 'utf8')) as unknown;
  if (!isResults(value)) throw new Error(`${file} is no report of a benchmark: expected program, ops, rates`);
  return value;
}

function rateLines(program: string, rates: readonly RatePair[]): string[] {
  return rates.map(
    ({ variant, imagesPerSecond, ratio }) =>
      `  ${program}, ${variant}: ${rate(imagesPerSecond)} images/s${ratio === undefined ? '' : ` (our best: ${times(ratio)})`}`,
  );
}

function lines(found: Comparison, ours: Results, peer: Results): string[] {
  const { pass, batch, precision, ops, total } = found;
  const rows = [
    ...ops.map((pair) => [
      pair.label,
      pair.op,
      time(pair.ours),
      time(pair.peer),
      times(pair.ratio),
      pair.variant ?? '',
    ]),
    ['rows that both have', '', time(total.ours), time(total.peer), times(total.ratio)],
  ];
  const only = (side: 'ours' | 'peer', program: string): string[] => {
    const other = side === 'ours' ? 'peer' : 'ours';
    const names = ops.filter((pair) => pair[side] !== undefined && pair[other] === undefined);
    return names.length === 0
      ? []
      : [`  only ${program} has ${names.length} of these rows, ${time(sum(names, side))} ms`];
  };
  return [
    `${pass}, batch ${batch}, ${precision}`,
    ...table(
      [
        column('layer', 'left'),
        column('op', 'left'),
        column('ours, ms'),
        column('peer, ms'),
        column('peer/ours'),
        column('its way', 'left'),
      ],
      rows,
      '  ',
    ),
    ...only('ours', ours.program),
    ...only('peer', peer.program),
    ...rateLines(ours.program, found.ours),
    ...rateLines(peer.program, found.peer),
    '',
  ];
}

/** The one table to read: the best of each side. */
function summary(comparisons: readonly Comparison[]): string[] {
  const best = (rates: readonly RatePair[]): number =>
    Math.max(0, ...rates.map(({ imagesPerSecond }) => imagesPerSecond));
  const shown = (imagesPerSecond: number): string => (imagesPerSecond > 0 ? rate(imagesPerSecond) : '–');
  return table(
    [
      column('the best of each', 'left'),
      column('batch'),
      column('precision', 'left'),
      column('ours, images/s'),
      column('peer, images/s'),
      column('ours/peer'),
      column('its ops/ours'),
    ],
    comparisons.map(({ pass, batch, precision, ours, peer, total }) => [
      pass,
      String(batch),
      precision,
      shown(best(ours)),
      shown(best(peer)),
      times(best(ours) > 0 && best(peer) > 0 ? best(ours) / best(peer) : undefined),
      times(total.ratio),
    ]),
  );
}

const sum = (pairs: Comparison['ops'], side: 'ours' | 'peer'): number =>
  pairs.reduce((total, pair) => total + (pair[side] ?? 0), 0);

const { _: files, json } = await yargs(hideBin(process.argv))
  .usage('bench:compare OURS.json PEER.json')
  .option('json', { type: 'boolean', default: false, describe: 'JSON on stdout' })
  .demandCommand(2, 2, 'expected two files: OURS.json PEER.json', 'expected two files: OURS.json PEER.json')
  .strictOptions()
  .parse();

try {
  const [ours, peer] = files.map((file) => read(String(file))) as [Results, Results];
  const comparisons = compare(ours, peer);
  if (json) console.log(JSON.stringify({ ours: ours.program, peer: peer.program, comparisons }));
  else {
    const each = comparisons.flatMap((found) => lines(found, ours, peer));
    console.log([...each, ...summary(comparisons)].join('\n'));
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
