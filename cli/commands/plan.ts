/** alexnet-native plan: what a network costs and what each device would do, before anything runs. */

import { presetNames } from '../../lib/graph/presets.js';
import type { WorkspaceOf } from '../../lib/plan/plan.js';
import { precisions } from '../../lib/plan/precision.js';
import { deviceOptions, exitCodes, jsonOption, type CliCommand, type Given } from '../command.js';
import { program } from '../parser.js';
import { outputFor } from '../ui/output.js';
import { planLines } from '../ui/plan-lines.js';
import { deviceNames, oneOf, positiveWhole, wholeOfTwo } from '../values.js';

interface Workspace extends Disposable {
  readonly of: WorkspaceOf;
  /** Why it is not counted. */
  readonly missing?: string;
}

/** Scratch memory, as the devices' backends say; a plan for devices that are not here counts none. */
async function workspaceOn(devices: readonly string[]): Promise<Workspace> {
  const without = (missing: string): Workspace => ({
    of: () => 0,
    missing,
    [Symbol.dispose]: () => undefined,
  });
  const { openDevices, parseDevices } = await import('../../lib/runtime/devices.js');
  try {
    const opened = openDevices(parseDevices(devices.join(',')));
    return {
      of: (device, command) => opened[device]?.workspace(command) ?? 0,
      [Symbol.dispose]: () => opened.forEach((device) => device.close()),
    };
  } catch {
    return without(`${devices.join(',')} cannot be opened here; see ${program} devices`);
  }
}

async function run(given: Given): Promise<number> {
  const presetName = given.flag('preset', oneOf(presetNames)) ?? 'paper';
  const classes = given.flag('classes', wholeOfTwo) ?? 1000;
  const devices = given.flag('devices', deviceNames) ?? ['cpu'];
  const asked = given.flag('batch', positiveWhole);
  const mode = given.flag('mode', oneOf(['train', 'inference'])) ?? 'train';
  const precision = given.flag('precision', oneOf(precisions)) ?? 'fp32';
  const [{ preset }, { planReport }, { recipes }] = await Promise.all([
    import('../../lib/graph/presets.js'),
    import('../../lib/plan/report.js'),
    import('../../lib/train/recipes.js'),
  ]);
  const { graph, preprocessing, about } = preset(presetName, classes);
  const recipe = recipes[presetName];
  const batch = asked ?? recipe.batch;
  using workspace = await workspaceOn(devices);
  const report = planReport({
    graph,
    preprocessing,
    devices,
    batch,
    mode,
    recipe,
    precision,
    workspaceOf: workspace.of,
  });
  using output = outputFor(given);
  const { missing } = workspace;
  const notes = missing === undefined ? [] : [`workspace is not counted: ${missing}`];
  output.lines(
    planLines(report, { about, style: output.style, columns: process.stdout.columns ?? 120, notes }),
  );
  output.value(report);
  return exitCodes.done;
}

export const plan: CliCommand = {
  name: 'plan',
  usage: '',
  about: 'Show layers, memory, transfers and the timeline of one or two devices; nothing runs',
  positionals: [],
  options: {
    preset: { group: 'Options:', about: `Network: ${presetNames.join(', ')}`, default: 'paper' },
    classes: { group: 'Options:', about: 'Output classes of the network', default: '1000' },
    batch: { group: 'Options:', about: 'Batch size: images per step', default: "the preset's" },
    mode: { group: 'Options:', about: 'train or inference', default: 'train' },
    devices: {
      ...deviceOptions.devices,
      about: 'Device names, such as cpu, or cpu:0/2,cpu:1/2; they are only counted and need not exist',
    },
    precision: { ...deviceOptions.precision, default: 'fp32' },
    json: jsonOption,
  },
  examples: [
    ['plan', "the paper's network on one device"],
    [
      'plan --preset paper --devices cpu:0/2,cpu:1/2 --batch 128',
      'the schedule of 2012: two devices, four exchanges',
    ],
    ['plan --preset mini --mode inference --batch 1 --json', 'for a script'],
  ],
  run,
};
