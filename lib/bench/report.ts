/** A benchmark from end to end: ceilings, every batch in every precision, copies between devices, and what it ran on. */

import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { AlexNetError } from '../errors.js';
import type { Precision } from '../plan/precision.js';
import { chooseDevices } from '../runtime/choose.js';
import { checkPrecision, parseDevices, type DeviceSpec } from '../runtime/devices.js';
import { packageRoot } from '../package-root.js';
import { cudaInfo, type CardInfo } from '../runtime/native/cuda.js';
import { measureCeilings } from './ceilings.js';
import { benchNetwork } from './network.js';
import { peerCopies, type PeerCopy } from './peer-copies.js';
import type { Ceilings, OpTime, StepRate } from './rows.js';

export interface BenchOptions {
  readonly preset: string;
  readonly devices: string;
  /** Default: 128; on cards 128 and 512. */
  readonly batches?: readonly number[] | undefined;
  /** Default: all that the devices have cores for, fastest first. */
  readonly precisions?: readonly Precision[] | undefined;
  /** Default: 5; on cards 20. */
  readonly runs?: number | undefined;
  readonly threads?: number | undefined;
  readonly peerAccess?: boolean | undefined;
}

/** What could not be measured; the rest goes on. */
export interface Problem {
  readonly what: string;
  readonly problem: string;
}

/** What the figures depend on. */
export interface Circumstances {
  readonly program: string;
  readonly date: string;
  /** None where there is no repository. */
  readonly commit: string | null;
  readonly cpu: string | undefined;
  readonly node: string;
  readonly threads: number;
  /** One a device that is a card. */
  readonly cards: readonly Pick<CardInfo, 'name' | 'memory' | 'computeCapability' | 'multiprocessors'>[];
  readonly emulated: boolean;
  readonly driver: string | null;
  /** 13000 for 13.0. */
  readonly cuda: { readonly driver: number; readonly build: number };
}

export interface Report extends Circumstances {
  readonly options: {
    readonly preset: string;
    readonly devices: string;
    readonly batches: readonly number[];
    readonly precisions: readonly Precision[];
    readonly runs: number;
  };
  /** One a device. */
  readonly ceilings: readonly Ceilings[];
  readonly ops: readonly OpTime[];
  readonly rates: readonly StepRate[];
  readonly copies: readonly PeerCopy[];
  readonly problems: readonly Problem[];
}

/** The first line that a program prints; null where it is not there or fails. */
function asked(program: string, ...args: string[]): string | null {
  try {
    const text = execFileSync(program, args, {
      encoding: 'utf8',
      stdio: 'pipe',
      cwd: packageRoot(),
      timeout: 20_000,
    });
    return text.trim().split('\n')[0]?.trim() || null;
  } catch {
    return null;
  }
}

export function circumstances(devices: readonly DeviceSpec[]): Circumstances {
  const info = cudaInfo();
  const cards = devices.flatMap((spec) => {
    const card = spec.backend === 'cuda' ? info.cards[spec.index] : undefined;
    if (!card) return [];
    const { name, memory, computeCapability, multiprocessors } = card;
    return [{ name, memory, computeCapability, multiprocessors }];
  });
  const real = cards.length > 0 && !info.emulated;
  return {
    program: 'alexnet-native',
    date: new Date().toISOString(),
    commit: asked('git', 'rev-parse', '--short', 'HEAD'),
    cpu: cpus()[0]?.model,
    node: process.version,
    threads: devices.reduce((sum, spec) => sum + (spec.backend === 'cpu' ? spec.threads : 0), 0),
    cards,
    emulated: cards.length > 0 && info.emulated,
    driver: real ? asked('nvidia-smi', '--query-gpu=driver_version', '--format=csv,noheader') : null,
    cuda: { driver: info.driver, build: info.runtime },
  };
}

/** Tensor cores for bfloat16 and tf32 come with this compute capability. */
const tensorCoresSince = 80;

export function defaultPrecisions(cards: Circumstances['cards'], devices: number): Precision[] {
  const all = cards.length === devices && cards.every((card) => card.computeCapability >= tensorCoresSince);
  return all ? ['bf16', 'tf32', 'fp32'] : ['fp32'];
}

/** The report so far, after each part: the ceilings, each batch in each precision, and the copies. */
export async function* bench(options: BenchOptions): AsyncGenerator<Report> {
  const specs = parseDevices(options.devices, options);
  for (const precision of options.precisions ?? []) checkPrecision(precision, specs, true);
  const { devices } = await chooseDevices(options);
  const about = circumstances(devices);
  const onCards = devices.every(({ backend }) => backend === 'cuda');
  const batches = options.batches ?? (onCards ? [128, 512] : [128]);
  const precisions = options.precisions ?? defaultPrecisions(about.cards, devices.length);
  const runs = options.runs ?? (onCards ? 20 : 5);
  const { preset } = options;
  const settings = { preset, devices: options.devices, batches, precisions, runs };
  const ceilings = await measureCeilings(devices);
  let report: Report = {
    ...about,
    options: settings,
    ceilings,
    ops: [],
    rates: [],
    copies: [],
    problems: [],
  };
  yield report;
  const failed = (what: string, error: unknown): Report => {
    if (!(error instanceof AlexNetError)) throw error;
    return { ...report, problems: [...report.problems, { what, problem: error.message }] };
  };
  for (const batch of batches) {
    for (const precision of precisions) {
      try {
        const { ops, rates } = await benchNetwork({ preset, devices, batch, precision, runs });
        report = { ...report, ops: [...report.ops, ...ops], rates: [...report.rates, ...rates] };
      } catch (error) {
        report = failed(`batch ${batch}, ${precision}`, error);
      }
      yield report;
    }
  }
  if (!onCards || devices.length < 2) return;
  try {
    report = { ...report, copies: await peerCopies(devices) };
  } catch (error) {
    report = failed('copies between the devices', error);
  }
  yield report;
}
