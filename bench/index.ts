/**
 * npm run bench -- [--preset paper] [--batch 128] [--devices cpu] [--threads 2] [--runs 5] [--json]
 * Every op of a training step and of an inference in GFLOP/s and GB/s, beside what this machine can do at most,
 * measured in the same process just before.
 */

import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { parseDevices } from '../lib/runtime/devices.js';
import { measure } from '../lib/runtime/native.js';
import { benchNetwork, type OpTime } from './network.js';

const options = await yargs(hideBin(process.argv))
  .option('preset', { type: 'string', default: 'paper' })
  .option('batch', { type: 'number', default: 128 })
  .option('devices', { type: 'string', default: 'cpu' })
  .option('threads', { type: 'number' })
  .option('runs', { type: 'number', default: 5 })
  .option('json', { type: 'boolean', default: false })
  .strict()
  .parse();

const threads = parseDevices(options.devices, options).reduce(
  (sum, device) => sum + (device.backend === 'cpu' ? device.threads : 0),
  0,
);
const peak = await measure({ threads });
const { preset, batch, devices, runs } = options;
const asked = { preset, batch, devices, runs };
const times = await benchNetwork({ ...asked, threads: options.threads });

/** What a figure is worth depends on these; no commit where there is no repository. */
function circumstances() {
  let commit: string | null = null;
  try {
    commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    // An installed package.
  }
  return { date: new Date().toISOString(), commit, cpu: cpus()[0]?.model, node: process.version };
}

if (options.json) {
  console.log(JSON.stringify({ ...circumstances(), options: asked, threads, peak, ...times }, null, 2));
} else print();

function row(cells: readonly (string | number)[]): string {
  const widths = [9, 6, 14, 30, 10, 10, 7, 8, 7];
  return cells
    .map((cell, i) => (i < 4 ? String(cell).padEnd(widths[i] ?? 0) : String(cell).padStart(widths[i] ?? 0)))
    .join(' ');
}

function line({ pass, device, label, op, milliseconds, flops, bytes }: OpTime): string {
  const gflops = flops / milliseconds / 1e6;
  const gigabytes = bytes / milliseconds / 1e6;
  const share = (value: number, most: number): string => `${Math.round((100 * value) / most)} %`;
  return row([
    pass,
    device,
    label,
    op,
    milliseconds.toFixed(2),
    gflops.toFixed(1),
    share(gflops, peak.gflops),
    gigabytes.toFixed(1),
    share(gigabytes, peak.copyGigabytes),
  ]);
}

function print(): void {
  console.log(
    `${options.preset}, batch ${options.batch}, ${options.devices}, ${threads} threads, ${peak.isa}`,
  );
  console.log(
    `measured peak: ${peak.gflops.toFixed(0)} GFLOP/s multiply-add, ${peak.copyGigabytes.toFixed(1)} GB/s copy\n`,
  );
  console.log(row(['pass', 'device', 'layer', 'op', 'ms', 'GFLOP/s', 'peak', 'GB/s', 'copy']));
  for (const time of times.ops) {
    if (time.op !== 'wait' && time.op !== 'transfer') console.log(line(time));
  }
  console.log(`\ntraining  ${times.trainingImagesPerSecond.toFixed(1)} images/s`);
  console.log(`inference ${times.inferenceImagesPerSecond.toFixed(1)} images/s`);
}
