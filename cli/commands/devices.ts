/** alexnet-native devices: what a network can run on here. */

import type { CudaInfo } from '../../lib/runtime/native/cuda.js';
import { exitCodes, jsonOption, type CliCommand, type Given } from '../command.js';
import { bytes, plural } from '../../lib/text/numbers.js';
import { outputFor } from '../ui/output.js';
import { list } from '../../lib/text/table.js';

const onCpu = [
  { devices: 'cpu', about: 'one device with all cores; the default' },
  {
    devices: 'cpu:0/2,cpu:1/2',
    about: "two devices with half of the cores each: the paper's two-device schedule",
  },
  { devices: 'reference', about: 'plain loops in double precision, to compare with; slow' },
];

/** What --devices can say here, and for what. */
function choices(cards: number): { devices: string; about: string }[] {
  if (cards === 0) return onCpu;
  const both = {
    devices: cards > 1 ? 'cuda:0,cuda:1' : 'cuda:0,cuda:0',
    about: `the paper's two-device schedule on ${cards > 1 ? 'two cards' : 'one card'}`,
  };
  return [...onCpu, { devices: 'cuda:0', about: 'one card' }, both];
}

const version = (cuda: number): string => `${Math.floor(cuda / 1000)}.${Math.floor((cuda % 1000) / 10)}`;

function cardLines({ cards, emulated }: CudaInfo): [string, string][] {
  return cards.map((card, index): [string, string] => {
    const reached = card.peers.flatMap((reaches, other) => (reaches ? [`cuda:${other}`] : []));
    const alone = cards.length > 1 ? ', no peer access' : '';
    const facts = [
      emulated ? `${card.name} (emulated)` : card.name,
      `compute capability ${(card.computeCapability / 10).toFixed(1)}`,
      `${bytes(card.free)} free of ${bytes(card.memory)}`,
      plural(card.multiprocessors, 'multiprocessor'),
    ];
    return [
      `cuda:${index}`,
      facts.join(', ') + (reached.length > 0 ? `, peer access to ${reached.join(', ')}` : alone),
    ];
  });
}

async function run(given: Given): Promise<number> {
  const [{ binaryFile }, { cpuInfo }, { cudaInfo }] = await Promise.all([
    import('../../lib/runtime/native/binary.js'),
    import('../../lib/runtime/native/cpu.js'),
    import('../../lib/runtime/native/cuda.js'),
  ]);
  const { cores, isa, bf16 } = cpuInfo();
  const cuda = cudaInfo();
  const offered = choices(cuda.cards.length);
  using output = outputFor(given);
  output.lines([
    ...list([
      [
        'CPU',
        `${plural(cores, 'usable core')}, kernels for ${isa}, ${bf16 ? `bf16 by ${bf16}` : 'no instructions for bf16'}`,
      ],
      ['CUDA', cuda.problem ? `none: ${cuda.problem}` : `driver for ${version(cuda.driver)}`],
      ...cardLines(cuda),
      ['binary', binaryFile()],
    ]),
    '',
    output.style.bold('--devices'),
    ...list(
      offered.map(({ devices, about }) => [devices, about]),
      '  ',
    ),
  ]);
  output.value({ cpu: { cores, isa, bf16: bf16 ?? null }, cuda, choices: offered, binary: binaryFile() });
  return exitCodes.done;
}

export const devices: CliCommand = {
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
