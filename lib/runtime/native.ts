/** The door to the native addon: nothing else imports it. Its classes are given their types here, its errors their class. */

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AlexNetError, type ErrorCode } from '../errors.js';
import { packageRoot } from '../package-root.js';
import type { Command, Step } from '../plan/commands.js';

/** What a device is made of. */
export type DeviceOptions =
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

interface NativeDevice {
  reserve(bytes: number): void;
  write(offset: number, data: Bytes): void;
  read(offset: number, data: Bytes): void;
  workspace(command: Command): number;
  packedBytes(command: Command): number;
  pack(command: Command): void;
  close(): void;
}

interface NativeProgram {
  run(options: RunOptions): Promise<RunResult>;
  close(): void;
}

/** In pixels. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

export interface Corner {
  readonly left: number;
  readonly top: number;
}

interface Addon {
  readonly Device: new (options: DeviceOptions) => NativeDevice;
  readonly Program: new (
    devices: readonly NativeDevice[],
    lists: readonly (readonly Command[])[],
  ) => NativeProgram;
  cpuInfo(): CpuInfo;
  cudaInfo(): CudaInfo;
  checkPeers(one: number, other: number, patienceMs: number): PeerCheck;
  pin(memory: Uint8Array): boolean;
  unpin(memory: Uint8Array): void;
  accumulate(pixels: Uint8Array, mean: Uint32Array, colour: BigUint64Array): void;
  resample(pixels: Uint8Array, image: Extent, part: Extent & Corner, size: number): Buffer;
  loadJpegLibrary(file: string): boolean;
  squareOfJpeg(
    jpeg: Uint8Array,
    image: Extent,
    part: Extent & Corner,
    size: number,
    space?: Float32Array,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
  readJpeg(jpeg: Uint8Array, size: number, target: Uint8Array): boolean;
  writeJpeg(pixels: Uint8Array, size: number, quality: number): Uint8Array<ArrayBuffer>;
  measure(options: { readonly threads: number }): Promise<Peak>;
  measureCard(index: number): Promise<CardPeak>;
}

const binary = 'alexnet_native.node';

/** The name of this machine's folder under prebuilds/. */
export function platformName(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return `${platform}-${arch}-${header.glibcVersionRuntime ? 'glibc' : 'musl'}`;
}

function load(): { readonly file: string; readonly addon: Addon } {
  const require = createRequire(import.meta.url);
  const root = packageRoot();
  const chosen = process.env['ALEXNET_NATIVE_BINARY'];
  const files = chosen
    ? [resolve(chosen)]
    : [
        join(root, 'build-cuda', 'Release', binary),
        join(root, 'build', 'Release', binary),
        join(root, 'prebuilds', platformName(), binary),
      ];
  const failures: string[] = [];
  for (const file of files) {
    if (!existsSync(file)) {
      failures.push(`${file}: not there`);
      continue;
    }
    try {
      return { file, addon: require(file) as Addon };
    } catch (error) {
      failures.push(`${file}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  const advice = chosen
    ? 'Expected the path of one in ALEXNET_NATIVE_BINARY, or that variable unset.'
    : 'Build it: npm rebuild alexnet-native (npm 11.16 and later: npm install-scripts approve alexnet-native first).';
  throw new AlexNetError(
    'DEVICE',
    ['the native binary could not be loaded.', ...failures.map((failure) => `  ${failure}`), advice].join(
      '\n',
    ),
  );
}

let loaded: ReturnType<typeof load> | undefined;
const addon = (): Addon => (loaded ??= load()).addon;

/** The binary that is in use. */
export const binaryFile = (): string => (loaded ??= load()).file;

/** Native errors have a message and a code already; they only become instances of this package's class. */
function translated(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof AlexNetError) return error;
  return new AlexNetError(error.code as ErrorCode, error.message);
}

function native<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translated(error);
  }
}

/** An arena and the threads that compute in it. */
export class Device implements Disposable {
  readonly #native: NativeDevice;

  constructor(options: DeviceOptions) {
    const { Device: Native } = addon();
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

/** Validated command lists, one per device, ready to be run again and again. */
export class Program implements Disposable {
  readonly #native: NativeProgram;

  constructor(devices: readonly Device[], lists: readonly (readonly Command[])[]) {
    const { Program: Native } = addon();
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

/** What this process may use of the processor. */
export interface CpuInfo {
  /** Cores that it may keep busy, affinity and container limits respected. */
  readonly cores: number;
  /** Their vector instructions: avx512, avx2 or baseline. */
  readonly isa: string;
  /** The instructions that multiply bfloat16, amx or avx512bf16; absent without. */
  readonly bf16?: string;
}

export const cpuInfo = (): CpuInfo => addon().cpuInfo();

/** The cards of this machine, or why there are none. */
export interface CudaInfo {
  /** Whether this build has a CUDA backend. */
  readonly built: boolean;
  /** Whether the cards are the emulator's, which tests use. */
  readonly emulated: boolean;
  /** Why there are no cards; empty where there are. */
  readonly problem: string;
  /** CUDA versions of the driver (0: none) and of this build, 13000 for 13.0. */
  readonly driver: number;
  readonly runtime: number;
  readonly cards: readonly CardInfo[];
}

export interface CardInfo {
  readonly name: string;
  /** Bytes. */
  readonly memory: number;
  readonly free: number;
  /** 90 for 9.0. */
  readonly computeCapability: number;
  readonly multiprocessors: number;
  /** By index: whose memory the driver says this card can reach. */
  readonly peers: readonly boolean[];
}

export const cudaInfo = (): CudaInfo => addon().cudaInfo();

/** Whether a pattern copied from each of two cards to the other arrived. */
export interface PeerCheck {
  /** What the driver says. */
  readonly granted: boolean;
  readonly works: boolean;
  /** What went wrong; empty where nothing did. */
  readonly problem: string;
  readonly milliseconds: number;
}

/** A process in which a copy did not finish can not use these cards any more: lib/runtime/peers.ts makes one for it. */
export const checkPeers = (one: number, other: number, patienceMs: number): PeerCheck =>
  native(() => addon().checkPeers(one, other, patienceMs));

/**
 * Has cards copy from this memory by themselves, beside the computation, until `unpin`; it is not collected before that. False
 * where they cannot: it remains ordinary memory, of which each run makes a copy first.
 */
export const pin = (memory: Uint8Array): boolean => native(() => addon().pin(memory));

/** Of memory that was pinned here; takes effect when no run reads it any more. May be called again. */
export const unpin = (memory: Uint8Array): void => native(() => addon().unpin(memory));

/**
 * Adds an image's r, g, b bytes to `mean`, each to its own place, and to the nine sums of `colour`: over r, g, b, rr, rg, rb, gg,
 * gb, bb. Throws USAGE where the lengths do not go together.
 */
export const accumulate = (pixels: Uint8Array, mean: Uint32Array, colour: BigUint64Array): void =>
  native(() => addon().accumulate(pixels, mean, colour));

/**
 * A part of an image of height × width × 3 bytes, fractions of pixels included, as size × size × 3 bytes: Lanczos's kernel of 3 lobes,
 * widened where the image shrinks, in integers: the same bytes on every processor. Sides of at most 65,536. Throws USAGE for
 * lengths and parts that do not fit the image.
 */
export const resample = (
  pixels: Uint8Array,
  image: Extent,
  part: Extent & Corner,
  size: number,
): Uint8Array => native(() => addon().resample(pixels, image, part, size));

/**
 * Has the next three work with a libjpeg-turbo (version 3 of its TurboJPEG interface), from now on and for the whole process. False
 * where the file is no such library.
 */
export const loadJpegLibrary = (file: string): boolean => addon().loadJpegLibrary(file);

/**
 * `resample` of what a JPEG file of that size holds, decoded by libjpeg's accurate transform, in a thread of its own; `space` is that of
 * lib/data/colour-profile.ts where it is not sRGB. Undefined for a file that libjpeg remarks on, such as one that is cut short.
 */
export const squareOfJpeg = async (
  jpeg: Uint8Array,
  image: Extent,
  part: Extent & Corner,
  size: number,
  space?: Float32Array,
): Promise<Uint8Array<ArrayBuffer> | undefined> =>
  await native(() => addon().squareOfJpeg(jpeg, image, part, size, space));

/** A JPEG file of size × size pixels into `target`, of three bytes each. False for a file that libjpeg remarks on. */
export const readJpeg = (jpeg: Uint8Array, size: number, target: Uint8Array): boolean =>
  native(() => addon().readJpeg(jpeg, size, target));

/** size × size × 3 bytes as a JPEG file, its chroma not subsampled. `quality` from 1 to 100. */
export const writeJpeg = (pixels: Uint8Array, size: number, quality: number): Uint8Array<ArrayBuffer> =>
  native(() => addon().writeJpeg(pixels, size, quality));

/** What this machine can do at most, measured now: one second of multiply-adds, one of copying. */
export interface Peak {
  /** Thousand million float32 operations a second, from registers. */
  readonly gflops: number;
  /** Thousand million bytes a second read and written by a copy too large for the caches. */
  readonly copyGigabytes: number;
  /** The vector instructions that were measured. */
  readonly isa: string;
}

export const measure = (options: { readonly threads: number }): Promise<Peak> => addon().measure(options);

/** What a card can do at most, measured now in about two seconds; it should have nothing else to do. */
export interface CardPeak {
  /** Thousand million bytes a second read and written by a copy too large for the caches. */
  readonly copyGigabytes: number;
  /** 10^12 operations a second from registers: float32 on the ordinary cores, mma.sync on the tensor cores (0: none). */
  readonly fp32Tflops: number;
  readonly tf32Tflops: number;
  readonly bf16Tflops: number;
}

export async function measureCard(index: number): Promise<CardPeak> {
  try {
    return await addon().measureCard(index);
  } catch (error) {
    throw translated(error);
  }
}
