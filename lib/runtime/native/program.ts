/** Programs: validated command lists, run on devices. */

import type { Command, Step } from '../../plan/commands.js';
import { addon, native, translated } from './addon.js';
import { Device, type Bytes, type NativeDevice } from './device.js';

/** Between host memory and a place in a device's arena, of the data's length. */
export interface HostCopy {
  /** Index of the device in the program. */
  readonly device: number;
  /** Bytes from the arena's start. */
  readonly offset: number;
  readonly data: Bytes;
}

export interface RunOptions extends Step {
  /** Done before the commands. The data must not be changed or transferred until the run has ended. */
  readonly writes?: readonly HostCopy[];
  /** Done after the commands. */
  readonly reads?: readonly HostCopy[];
  /** Whether to take the time of every command. */
  readonly profile?: boolean;
}

/** When a command ran, in milliseconds from the start of its run. Of a wait: the time spent waiting. */
export interface ProfileSpan {
  readonly device: number;
  readonly command: number;
  readonly start: number;
  readonly end: number;
}

export interface RunResult {
  /** Of every command, when asked for. */
  readonly profile?: readonly ProfileSpan[];
}

interface NativeProgram {
  run(options: RunOptions): Promise<RunResult>;
  close(): void;
}

interface ProgramPart {
  readonly Program: new (
    devices: readonly NativeDevice[],
    lists: readonly (readonly Command[])[],
  ) => NativeProgram;
}

/** Validated command lists, one per device, ready to be run again and again. */
export class Program implements Disposable {
  readonly #native: NativeProgram;

  constructor(devices: readonly Device[], lists: readonly (readonly Command[])[]) {
    const { Program: Native } = addon<ProgramPart>();
    this.#native = native(
      () =>
        new Native(
          devices.map((device) => Device.nativeOf(device)),
          lists,
        ),
    );
  }

  /** Off the event loop. Runs that share a device follow one another in the order of these calls. */
  async run(options: RunOptions): Promise<RunResult> {
    try {
      return await this.#native.run(options);
    } catch (error) {
      throw translated(error);
    }
  }

  /** Runs under way end as they would have. May be called again. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
