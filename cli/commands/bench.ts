/** alexnet-native bench: every op of a step, and whole steps, beside the devices' peak rates. */

import type { Report } from '../../lib/bench/report.js';
import type { StepRate } from '../../lib/bench/rows.js';
import { presetNames } from '../../lib/graph/presets.js';
import { deviceOptions, exitCodes, jsonOption, type CliCommand, type Given } from '../command.js';
import { outputFor } from '../ui/output.js';
import { oneOf, path, positiveWhole, text, truth } from '../values.js';
import { batches, precisionList } from './bench-options.js';

/** The batch and precision that a report tells of and the one before it did not. */
const added = (report: Report, before: Report | undefined): StepRate | undefined =>
  report.rates[before?.rates.length ?? 0];

async function run(given: Given): Promise<number> {
  const options = {
    preset: given.flag('preset', oneOf(presetNames)) ?? 'paper',
    devices: given.flag('devices', text) ?? 'cpu',
    batches: given.flag('batch', batches),
    precisions: given.flag('precision', precisionList),
    runs: given.flag('runs', positiveWhole),
    threads: given.flag('threads', positiveWhole),
    peerAccess: given.flag('peer-access', truth),
  };
  const file = given.flag('out', path);
  const [{ bench }, { headLines, settingLines, copyLines }, { writeFileSync }] = await Promise.all([
    import('../../lib/bench/report.js'),
    import('../ui/bench-lines.js'),
    import('node:fs'),
  ]);
  using output = outputFor(given);
  let before: Report | undefined;
  for await (const report of bench(options)) {
    if (!before) output.lines(headLines(report));
    const found = added(report, before);
    if (found) output.lines(settingLines(report, found.batch, found.precision));
    output.lines(copyLines(report.copies));
    for (const { what, problem } of report.problems.slice(before?.problems.length ?? 0)) {
      output.problem(`${what}: ${problem}`);
    }
    // What is measured is kept, whatever becomes of the rest.
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
    before = report;
  }
  output.value(before);
  return before?.problems.length === 0 ? exitCodes.done : exitCodes.failed;
}

const group = 'Options:';

export const bench: CliCommand = {
  name: 'bench',
  usage: '',
  about: 'Time every op of a training step and of an inference, and whole ones in images/s',
  positionals: [],
  options: {
    preset: { group, about: `Network: ${presetNames.join(', ')}`, default: 'paper' },
    batch: {
      group,
      about: 'Batch size: images per step; a list such as 128,512',
      default: '128; on cards 128,512',
    },
    runs: {
      group,
      about: 'How often each op is timed, and how many steps are queued on a card at once',
      default: '5; on cards 20',
    },
    out: { group, about: 'A file for the JSON, written again after each part' },
    ...deviceOptions,
    precision: {
      ...deviceOptions.precision,
      about: 'Compute type: fp32, tf32 (cards) or bf16; a list such as bf16,tf32',
      default: 'all that the cards have cores for',
    },
    json: jsonOption,
  },
  examples: [
    ['bench', "the paper's network on the CPU"],
    ['bench --devices cuda:0 --batch 512 --precision bf16', 'on a card, beside its peak rates'],
    ['bench --devices cuda:0,cuda:1 --out two.json', 'on two cards, with every transfer between them'],
  ],
  run,
};
