/** The devices behind the ops: opened at first use, kept while in use, one call at a time. */

import { expected } from '../errors.js';
import { bytesOf, type Command, type Tensor as Place } from '../plan/commands.js';
import { cpuInfo } from '../runtime/native/cpu.js';
import { Program } from '../runtime/native/program.js';
import { Device, type DeviceConfig } from '../runtime/native/device.js';
import { oneOf, positiveInteger } from './arguments.js';
import { product, type NumberArray } from './tensor.js';

/** 'cpu' is the fast one, 'cuda:0' a card; 'reference' is plain double loops, slow, and takes Float64Array too. */
export type OpsDevice = 'cpu' | 'reference' | `cuda:${number}`;

export interface OpsOptions {
  /** Where to compute; 'cpu' when absent. */
  readonly device?: OpsDevice;
  /** Threads of the 'cpu' device; one for each core the process may use when absent. */
  readonly threads?: number;
}

/** An operand of a call: a place in the device's arena and the array that goes in, comes out, or both. */
export interface Operand {
  readonly place: Place;
  readonly data?: NumberArray;
  readonly direction: 'in' | 'out' | 'inout' | 'scratch';
}

/** How long an opened device waits for the next call before its memory is released. */
const idleMilliseconds = 2000;
const alignment = 64;
const roundUp = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

export const placeBytes = (place: Place): number =>
  roundUp(product(place.shape) * bytesOf[place.dtype ?? 'float32']);

class OpenDevice {
  readonly #device: Device;
  readonly #name: OpsDevice;
  #reserved = 0;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(name: OpsDevice, options: DeviceConfig) {
    this.#name = name;
    this.#device = new Device(options);
  }

  /** Calls share one arena, so each starts when the one before it is done. */
  run(operands: readonly Operand[], commands: readonly Command[], step: number, rates: readonly number[]) {
    clearTimeout(this.#idle);
    this.#waiting++;
    const call = this.#last.then(() => this.#carryOut(operands, commands, step, rates));
    this.#last = call
      .catch(() => undefined)
      .then(() => {
        if (--this.#waiting === 0) this.#idle = setTimeout(() => close(this), idleMilliseconds).unref();
      });
    return call;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#last;
    clearTimeout(this.#idle);
    this.#device.close();
  }

  async #carryOut(
    operands: readonly Operand[],
    commands: readonly Command[],
    step: number,
    learningRates: readonly number[],
  ): Promise<void> {
    for (const { place } of operands) {
      if (place.dtype === 'float64' && this.#name !== 'reference') {
        expected(`Float32Array on ${this.#name}`, undefined, 'Float64Array');
      }
    }
    const end = Math.max(...operands.map(({ place }) => place.offset + placeBytes(place)));
    const scratch = commands.map((command) => roundUp(this.#device.workspace(command)));
    const bytes = end + Math.max(...scratch);
    if (bytes > this.#reserved) {
      this.#device.reserve(bytes);
      this.#reserved = bytes;
    }
    const placed = commands.map((command, i) => ({
      ...command,
      ...(scratch[i]! > 0 && { workspace: { offset: end, bytes: scratch[i]! } }),
    }));
    for (const { place, data, direction } of operands) {
      if (data && direction !== 'out') this.#device.write(place.offset, data);
    }
    const program = new Program([this.#device], [placed]);
    try {
      await program.run({ number: step, learningRates });
      for (const { place, data, direction } of operands) {
        if (data && direction !== 'in') this.#device.read(place.offset, data);
      }
    } finally {
      program.close();
    }
  }
}

const opened = new Map<string, OpenDevice>();

async function close(device: OpenDevice): Promise<void> {
  for (const [key, other] of opened) if (other === device) opened.delete(key);
  await device.close();
}

export function openDevice(options: OpsOptions): OpenDevice {
  const name = options.device ?? 'cpu';
  const card = /^cuda:(\d{1,3})$/.exec(name);
  if (!card) oneOf('device', name, ['cpu', 'reference', 'cuda:0']);
  const threads = positiveInteger('threads', options.threads ?? cpuInfo().cores);
  const key = name === 'cpu' ? `${name}/${threads}` : name;
  const made = (): DeviceConfig => {
    if (card) return { backend: 'cuda', index: Number(card[1]) };
    return name === 'cpu' ? { backend: 'cpu', threads } : { backend: 'reference' };
  };
  let device = opened.get(key);
  if (!device) opened.set(key, (device = new OpenDevice(name, made())));
  return device;
}

/**
 * Releases the memory and threads of every device the ops have opened, once their calls are done. The next call opens
 * what it needs again. Without it a device is released when it has been idle for two seconds; it never keeps the
 * process alive.
 */
export async function closeOps(): Promise<void> {
  await Promise.all([...opened.values()].map(close));
}

/** For `await using`: closes the ops' devices at the end of the scope. */
export const openOps = (): AsyncDisposable => ({ [Symbol.asyncDispose]: closeOps });
