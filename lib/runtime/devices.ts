/** Device names of the command line ('cpu', 'cpu:0/2,cpu:1/2') and the devices behind them. */

import { AlexNetError } from '../errors.js';
import { cpuInfo, Device, type BackendName } from './native.js';

export interface DeviceSpec {
  /** As given: 'cpu:0/2'. */
  readonly name: string;
  readonly backend: BackendName;
  readonly threads: number;
}

const mostDevices = 2;
const mostThreads = 1024;
const known = `'cpu', 'reference' or shares of the cores such as 'cpu:0/2,cpu:1/2'`;

function refuse(expected: string, received: string): never {
  throw new AlexNetError('USAGE', `expected ${expected} for devices, received ${received}`);
}

/** Share `index` of `count` as even as they come; a device computes with one thread at least. */
const share = (cores: number, index: number, count: number): number =>
  Math.max(1, Math.floor((cores * (index + 1)) / count) - Math.floor((cores * index) / count));

function parseDevice(name: string, cores: () => number): DeviceSpec {
  if (name === 'reference') return { name, backend: 'reference', threads: 1 };
  if (name === 'cpu') return { name, backend: 'cpu', threads: cores() };
  if (/^cuda(:\d+)?$/.test(name)) refuse(`${known} (this build has no CUDA backend)`, `'${name}'`);
  const virtual = /^cpu:(\d{1,4})\/(\d{1,4})$/.exec(name);
  if (!virtual) refuse(known, `'${name}'`);
  const [index, count] = [Number(virtual[1]), Number(virtual[2])];
  if (index >= count) refuse(`a share below ${count} in cpu:share/${count}`, `'${name}'`);
  return { name, backend: 'cpu', threads: share(cores(), index, count) };
}

/**
 * What a list of device names asks for. `threads` is shared out among the CPU devices; without it, the cores that this
 * process may use.
 */
export function parseDevices(spec: string, threads?: number): DeviceSpec[] {
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)) {
    throw new AlexNetError(
      'USAGE',
      `expected an integer from 1 to ${mostThreads} for threads, received ${threads}`,
    );
  }
  const names = spec.split(',').map((name) => name.trim());
  if (names.length > mostDevices) refuse(`at most ${mostDevices} devices`, `'${spec}'`);
  const specs = names.map((name) => parseDevice(name, () => threads ?? cpuInfo().cores));
  if (new Set(names).size < names.length && names.some((name) => name.startsWith('cpu'))) {
    refuse(`each CPU device once (two halves of the cores are 'cpu:0/2,cpu:1/2')`, `'${spec}'`);
  }
  return specs;
}

/** Opens all or none. */
export function openDevices(specs: readonly DeviceSpec[]): Device[] {
  const devices: Device[] = [];
  try {
    for (const { backend, threads } of specs) devices.push(new Device(backend, threads));
  } catch (error) {
    for (const device of devices) device.close();
    throw error;
  }
  return devices;
}
