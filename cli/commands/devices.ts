/** alexnet-native devices: what a network can run on here. */

import { exitCodes, jsonOption, type Command, type Given } from '../command.js';
import { plural } from '../ui/format.js';
import { outputFor } from '../ui/output.js';
import { list } from '../ui/table.js';

/** What --devices can say, and for what. */
const choices = [
  { devices: 'cpu', about: 'one device with all cores; the default' },
  {
    devices: 'cpu:0/2,cpu:1/2',
    about: "two devices with half of the cores each: the paper's two-device schedule",
  },
  { devices: 'reference', about: 'plain loops in double precision, to compare with; slow' },
] as const;

const withoutCuda = 'none: this build has no CUDA backend; use --devices cpu';

async function run(given: Given): Promise<number> {
  const [{ cpuInfo }, { parseDevices }] = await Promise.all([
    import('../../lib/runtime/native.js'),
    import('../../lib/runtime/devices.js'),
  ]);
  const { cores, isa } = cpuInfo();
  const offered = choices.map(({ devices, about }) => ({
    devices,
    about,
    threads: parseDevices(devices).map(({ threads }) => threads),
  }));
  using output = outputFor(given);
  output.lines([
    ...list([
      ['CPU', `${plural(cores, 'usable core')}, kernels for ${isa}`],
      ['CUDA', withoutCuda],
    ]),
    '',
    output.style.bold('--devices'),
    ...list(
      offered.map(({ devices, threads, about }) => [
        devices,
        `${about} (${threads.map((n) => plural(n, 'thread')).join(' + ')})`,
      ]),
      '  ',
    ),
  ]);
  output.value({ cpu: { cores, isa }, cuda: { devices: [], reason: withoutCuda }, choices: offered });
  return exitCodes.done;
}

export const devices: Command = {
  name: 'devices',
  usage: '',
  about: 'List what networks can run on here',
  positionals: [],
  options: { json: jsonOption },
  examples: [
    ['devices', 'cores, instruction set, and what --devices takes'],
    ['devices --json', 'for a script'],
  ],
  run,
};
