/**
 * npm run bench:cpu [-- --batch 1,32,128 --threads 1,2 --peers pytorch-tuned,onnxruntime --out FILE --plot FILE]
 * Training steps and inferences of one network on the CPU, ours and others', which take turns in one run.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { plural } from '../lib/text/numbers.js';
import { packageRoot } from '../lib/package-root.js';
import { parseDevices } from '../lib/runtime/devices.js';
import { peerKinds, usualPeers } from './cpu-peers.js';
import {
  difference,
  mostDifference,
  ours,
  settingLines,
  summaryLines,
  type CpuRow,
  type CpuSetting,
} from './cpu-rows.js';
import { curves } from './curves.js';
import { handOver, paddedInput, type Handover } from './handover.js';
import { startOurs, type Own } from './ours.js';
import { circumstances, type Problem } from '../lib/bench/report.js';
import { takeTurns, type Contender, type Timing } from './turns.js';

const list = { type: 'string', requiresArg: true } as const;
const cores = availableParallelism();
const given = await yargs(hideBin(process.argv))
  .usage('bench:cpu')
  .option('preset', { choices: ['paper', 'mini'] as const, default: 'paper' as const, describe: 'Network' })
  .option('batch', { ...list, default: '1,32,128', describe: 'Images a step' })
  .option('threads', { ...list, default: cores > 1 ? `1,${cores}` : '1', describe: 'Threads' })
  .option('passes', { ...list, default: 'training,inference', describe: 'What to run' })
  .option('peers', {
    ...list,
    default: usualPeers().join(','),
    describe: 'The others; none for ours alone',
  })
  .option('rounds', { type: 'number', default: 5, describe: 'Turns of each that count' })
  .option('python', { type: 'string', default: 'python3', describe: 'A Python with torch and numpy' })
  .option('ort', {
    type: 'string',
    default: packageRoot(),
    describe: 'A folder where onnxruntime-node is installed',
  })
  .option('out', { type: 'string', describe: 'A file for the JSON, written again after each setting' })
  .option('plot', { type: 'string', describe: 'A picture of images/s against the batch: .svg or .png' })
  .option('json', { type: 'boolean', default: false, describe: 'JSON on stdout' })
  .strictOptions()
  .parse();

function named<T extends string>(text: string, known: readonly T[], option: string): T[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !known.some((each) => each === name));
  if (unknown !== undefined)
    throw new Error(`expected ${known.join(', ')} for ${option}, received ${unknown}`);
  return known.filter((name) => names.includes(name));
}

/** Each once, in the order given. */
function wholeNumbers(text: string, option: string): number[] {
  const numbers = text.split(',').map(Number);
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 1))
    throw new Error(`expected positive whole numbers such as 1,32 for ${option}, received ${text}`);
  return [...new Set(numbers)];
}

const problems: Problem[] = [];

function failed(what: string, error: unknown): void {
  const problem = (error as Error).message;
  problems.push({ what, problem });
  console.error(`${what}: ${problem}`);
}

function handedOver(folder: string, own: Own): Handover {
  const { graph, preprocessing } = own.network.options;
  const input = paddedInput(graph, preprocessing, own.images, own.mean);
  return handOver(folder, graph, own.network.parameters(), input);
}

interface Entrant {
  readonly contender: string;
  readonly program: string;
  readonly turns: Contender;
  readonly difference?: number;
}

const whereOf = ({ pass, batch, threads }: CpuSetting): string =>
  `${pass}, batch ${batch}, ${plural(threads, 'thread')}`;

/** Those of the others that can be started; what the rest say is a problem. All of them are added to `started`. */
async function entrants(
  setting: CpuSetting,
  own: Own,
  files: Handover | undefined,
  names: readonly string[],
  started: AsyncDisposable[],
): Promise<Entrant[]> {
  const found: Entrant[] = [];
  for (const contender of names) {
    const kind = peerKinds.get(contender);
    if (!kind || (kind.infersOnly && setting.pass === 'training')) continue;
    const what = `${contender}, ${whereOf(setting)}`;
    try {
      const peer = await kind.start(setting, files, given);
      started.push(peer);
      const { program, probabilities } = peer;
      if (!own.probabilities || !probabilities) {
        found.push({ contender, program, turns: peer });
        continue;
      }
      const by = difference(own.probabilities, probabilities);
      if (!(by <= mostDifference) && !kind.rounds)
        failed(what, new Error(`its outputs differ from ours by ${by} of their spread`));
      found.push({ contender, program, turns: peer, difference: by });
    } catch (error) {
      failed(what, error);
    }
  }
  return found;
}

/** Whoever was started is stopped, whatever happens. */
async function measure(setting: CpuSetting, names: readonly string[]): Promise<CpuRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'alexnet-bench-'));
  const started: AsyncDisposable[] = [];
  try {
    const own = await startOurs({ ...setting, preset: given.preset });
    started.push(own);
    const files = setting.pass === 'inference' && names.length > 0 ? handedOver(folder, own) : undefined;
    const all: Entrant[] = [
      { contender: ours, program: 'alexnet-native', turns: own },
      ...(await entrants(setting, own, files, names, started)),
    ];
    const timings = await takeTurns(
      all.map(({ turns }) => turns),
      given.rounds,
    );
    return all.map(({ contender, program, difference: by }, i): CpuRow => {
      const timing = timings[i] as Timing;
      const imagesPerSecond = (1000 * setting.batch) / timing.milliseconds;
      const row = { ...setting, contender, program, ...timing, imagesPerSecond };
      return by === undefined ? row : { ...row, difference: by };
    });
  } finally {
    for (const each of started) await each[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function draw(rows: readonly CpuRow[], file: string): Promise<void> {
  const svg = curves(rows);
  writeFileSync(file, file.endsWith('.png') ? await sharp(Buffer.from(svg)).png().toBuffer() : svg);
}

try {
  const names = given.peers === 'none' ? [] : named(given.peers, [...peerKinds.keys()], '--peers');
  const passes = named(given.passes, ['training', 'inference'] as const, '--passes');
  const threadCounts = wholeNumbers(given.threads, '--threads');
  const rows: CpuRow[] = [];
  const { preset, rounds } = given;
  const about = circumstances(parseDevices('cpu', { threads: Math.max(...threadCounts) }));
  const report = (): object => ({ ...about, options: { preset, rounds }, rows, problems });
  for (const pass of passes) {
    for (const threads of threadCounts) {
      for (const batch of wholeNumbers(given.batch, '--batch')) {
        try {
          const found = await measure({ pass, batch, threads }, names);
          rows.push(...found);
          if (!given.json) console.log(settingLines(found).join('\n'));
        } catch (error) {
          failed(whereOf({ pass, batch, threads }), error);
        }
        if (given.out !== undefined) writeFileSync(given.out, `${JSON.stringify(report(), null, 1)}\n`);
        if (given.plot !== undefined) await draw(rows, given.plot);
      }
    }
  }
  console.log(given.json ? JSON.stringify(report()) : summaryLines(rows).join('\n'));
  if (problems.length > 0) process.exitCode = 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
