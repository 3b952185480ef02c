/** Devices: an arena each, and the threads or the stream that compute in it. */

import type { Command } from '../../plan/commands.js';
import { addon, native } from './addon.js';

/** What a device is made of. */
export type DeviceConfig =
  | { readonly backend: 'cpu'; readonly threads: number }
  | { readonly backend: 'reference' }
  | {
      readonly backend: 'cuda';
      /** Which card. */
      readonly index: number;
      /** Whether copies to other cards may go there directly where the driver grants it; default true. */
      readonly peerAccess?: boolean;
    };

/** Memory that the native side reads or writes. */
export type Bytes = Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array;

export interface NativeDevice {
  reserve(bytes: number): void;
  write(offset: number, data: Bytes): void;
  read(offset: number, data: Bytes): void;
  workspace(command: Command): number;
  packedBytes(command: Command): number;
  pack(command: Command): void;
  close(): void;
}

interface DevicePart {
  readonly Device: new (options: DeviceConfig) => NativeDevice;
}

/** An arena and the threads that compute in it. */
export class Device implements Disposable {
  readonly #native: NativeDevice;

  constructor(options: DeviceConfig) {
    const { Device: Native } = addon<DevicePart>();
    this.#native = native(() => new Native(options));
  }

  /** Makes the arena this long, all zero. What it held is lost, and programs compiled for a longer one do not run. */
  reserve(bytes: number): void {
    native(() => this.#native.reserve(bytes));
  }

  /** Copies into the arena, at once. Only while no run is under way on this device; likewise `read`. */
  write(offset: number, data: Bytes): void {
    native(() => this.#native.write(offset, data));
  }

  read(offset: number, data: Bytes): void {
    native(() => this.#native.read(offset, data));
  }

  /** Scratch bytes that the command needs besides its operands, wherever these lie. */
  workspace(command: Command): number {
    return native(() => this.#native.workspace(command));
  }

  /** Bytes of a convolution's weights in an order of the device's own; 0 where it reads them as they are. */
  packedBytes(command: Command): number {
    return native(() => this.#native.packedBytes(command));
  }

  /** Fills a convolution's packed weights from its weights, at once. Only while no run is under way on this device. */
  pack(command: Command): void {
    native(() => this.#native.pack(command));
  }

  /** Gives memory and threads back, when the runs under way have ended. May be called again. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** For Program, which passes it on. */
  static nativeOf(device: Device): NativeDevice {
    return device.#native;
  }
}
