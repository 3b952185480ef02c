/** Device names of the command line ('cpu', 'cpu:0/2,cpu:1/2', 'cuda:0') and the devices behind them. */

import { expected } from '../errors.js';
import type { Precision } from '../plan/precision.js';
import { cudaInfo } from './native/cuda.js';
import { cpuInfo } from './native/cpu.js';
import { Device, type DeviceConfig } from './native/device.js';

/** What a device is made of, and its name as given: 'cpu:0/2'. */
export type DeviceSpec = DeviceConfig & { readonly name: string };

export interface ParseDeviceOptions {
  /** Shared out among the CPU devices; without it, the cores that this process may use. */
  readonly threads?: number | undefined;
  /** Whether cards may copy to each other directly where the driver grants it; default true. */
  readonly peerAccess?: boolean | undefined;
}

const mostDevices = 2;
const mostThreads = 1024;
const known = `'cpu', 'reference', 'cuda:0', 'cuda:0,cuda:1' or shares of the cores such as 'cpu:0/2,cpu:1/2'`;

function refuse(what: string, received: string): never {
  expected(what, 'devices', received);
}

/** Share `index` of `count`, as even as possible; a device computes with at least one thread. */
const share = (cores: number, index: number, count: number): number =>
  Math.max(1, Math.floor((cores * (index + 1)) / count) - Math.floor((cores * index) / count));

function parseDevice(name: string, cores: () => number, peerAccess: boolean): DeviceSpec {
  if (name === 'reference') return { name, backend: 'reference' };
  if (name === 'cpu') return { name, backend: 'cpu', threads: cores() };
  const card = /^cuda(?::(\d{1,3}))?$/.exec(name);
  if (card) return { name, backend: 'cuda', index: Number(card[1] ?? 0), peerAccess };
  const virtual = /^cpu:(\d{1,4})\/(\d{1,4})$/.exec(name);
  if (!virtual) refuse(known, `'${name}'`);
  const [index, count] = [Number(virtual[1]), Number(virtual[2])];
  if (index >= count) refuse(`a share below ${count} in cpu:share/${count}`, `'${name}'`);
  return { name, backend: 'cpu', threads: share(cores(), index, count) };
}

/** What a list of device names asks for. Whether there are such devices is found out when they are opened. */
export function parseDevices(
  spec: string,
  { threads, peerAccess = true }: ParseDeviceOptions = {},
): DeviceSpec[] {
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)) {
    expected(`an integer from 1 to ${mostThreads}`, 'threads', threads);
  }
  const names = spec.split(',').map((name) => name.trim());
  if (names.length > mostDevices) refuse(`at most ${mostDevices} devices`, `'${spec}'`);
  const specs = names.map((name) => parseDevice(name, () => threads ?? cpuInfo().cores, peerAccess));
  if (new Set(names).size < names.length && names.some((name) => name.startsWith('cpu'))) {
    refuse(`each CPU device once (two halves of the cores are 'cpu:0/2,cpu:1/2')`, `'${spec}'`);
  }
  const cards = specs.filter(({ backend }) => backend === 'cuda').length;
  if (cards > 0 && cards < specs.length) refuse('cards only, or none', `'${spec}'`);
  return specs;
}

/** Opens all or none. */
export function openDevices(specs: readonly DeviceSpec[]): Device[] {
  const devices: Device[] = [];
  try {
    for (const spec of specs) devices.push(new Device(spec));
  } catch (error) {
    for (const device of devices) device.close();
    throw error;
  }
  return devices;
}

/** Tensor cores multiply bfloat16 from this compute capability on. */
const tensorCoresSince = 80;

function weakestCard(specs: readonly DeviceSpec[]): number {
  const { cards } = cudaInfo();
  const capabilities = specs.map((spec) =>
    spec.backend === 'cuda' ? (cards[spec.index]?.computeCapability ?? 0) : 0,
  );
  return Math.min(...capabilities);
}

/** bf16 where all devices are cards with tensor cores for it, fp32 elsewhere. */
export function defaultPrecision(specs: readonly DeviceSpec[]): Precision {
  return weakestCard(specs) >= tensorCoresSince ? 'bf16' : 'fp32';
}

/** Refuses a precision that the devices do not compute with. */
export function checkPrecision(precision: Precision, specs: readonly DeviceSpec[], training: boolean): void {
  if (precision === 'fp32' || specs.every(({ backend }) => backend === 'cuda')) return;
  const onCpu = precision === 'bf16' && specs.every(({ backend }) => backend === 'cpu');
  if (onCpu && (!training || cpuInfo().bf16 !== undefined)) return;
  const names = specs.map(({ name }) => name).join(',');
  const but = onCpu
    ? ' (training in bf16 needs a processor with AMX-BF16 or AVX512_BF16; this one has neither)'
    : '';
  expected('fp32', `precision on ${names}`, `${precision}${but}`);
}
