/** A network on its devices: the plans compiled to programs, and the one place where weights cross into the arenas. */

import { AlexNetError, expected } from '../errors.js';
import { isTrained, parameterName } from '../graph/parameters.js';
import { classCount } from '../graph/shapes.js';
import type { Command } from '../plan/commands.js';
import type { Plan, Port } from '../plan/plan.js';
import type { Shard } from '../plan/parameters.js';
import type { NetworkOptions } from './network-options.js';
import { fromBfloat16, toBfloat16 } from './bfloat16.js';
import { checkPrecision, openDevices } from './devices.js';
import { Program, type ProfileSpan, type RunOptions } from './native/program.js';
import type { Device } from './native/device.js';
import { makePlans, reserveArenas } from './plans.js';
import { gatherShard, scatterShard } from './parameter-layout.js';

/** One batch as the devices take it. */
export interface Batch {
  /** batch × store × store × 3, RGB; the network's input as float32 where it was opened with rawInput. */
  readonly images: Uint8Array | Float32Array;
  /** batch × 8: top, left, flip, red, green and blue shift, scale, unused. */
  readonly views: Float32Array;
  /** batch; −1 where unknown. */
  readonly labels: Int32Array;
}

export interface Losses {
  /** −log p(label) of each image. */
  readonly losses: Float32Array;
  /** How many classes the network puts before the label: top-k errs where this is k or more. */
  readonly ranks: Int32Array;
}

export interface Profiled {
  /** When each command ran, if asked for. */
  readonly profile: readonly ProfileSpan[];
}

export interface Inference extends Losses {
  /** batch × classes. */
  readonly probabilities: Float32Array;
  /** batch × units of the layer below the classifier. */
  readonly features: Float32Array;
}

export class Network implements AsyncDisposable {
  private running: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly options: NetworkOptions,
    private readonly devices: readonly Device[],
    readonly trainingPlan: Plan | undefined,
    readonly inferencePlan: Plan,
    private readonly trainingProgram: Program | undefined,
    private readonly inferenceProgram: Program,
  ) {}

  /** Plans, reserves memory and compiles. Weights and mean are zero until set. */
  static open(options: NetworkOptions): Network {
    const { precision = 'fp32' } = options;
    checkPrecision(precision, options.devices, options.training !== undefined);
    const devices = openDevices(options.devices);
    try {
      const plans = makePlans(options, devices);
      reserveArenas(devices, options, plans);
      const { training, inference } = plans;
      const trainingProgram = training && new Program(devices, training.lists);
      const inferenceProgram = new Program(devices, inference.lists);
      return new Network(options, devices, training, inference, trainingProgram, inferenceProgram);
    } catch (error) {
      for (const device of devices) device.close();
      throw error;
    }
  }

  /** Cards execute queued runs by themselves. */
  get onCards(): boolean {
    return this.options.devices.every(({ backend }) => backend === 'cuda');
  }

  get batch(): number {
    return this.options.batch;
  }

  get classes(): number {
    return classCount(this.options.graph);
  }

  /** Runs commands of the caller's own (initialisation), one list per device. */
  async run(lists: readonly (readonly Command[])[]): Promise<void> {
    const program = new Program(this.devices, lists);
    try {
      await program.run({ number: 0, learningRates: [] });
    } finally {
      program.close();
    }
    this.pack();
  }

  get shards(): readonly Shard[] {
    return (this.trainingPlan ?? this.inferencePlan).shards;
  }

  portOf(shard: Shard, of: 'value' | 'momentum' | 'copy' = 'value'): Port {
    const made = this.trainingPlan ?? this.inferencePlan;
    const value = shard[of];
    if (!value) throw new AlexNetError('USAGE', 'this network was opened for inference and has no momentum');
    return made.place(value);
  }

  /** Statistics have no momentum. */
  private shardsWith(of: 'value' | 'momentum'): readonly Shard[] {
    return this.shards.filter(({ role }) => of === 'value' || isTrained(role));
  }

  /** Whole-model tensors by name ('conv1.weight', …), weights as O×I×H×W. */
  parameters(of: 'value' | 'momentum' = 'value'): Map<string, Float32Array> {
    const whole = new Map<string, Float32Array>();
    for (const shard of this.shardsWith(of)) {
      const name = parameterName(shard.layer, shard.role);
      const [k, r, s, c] = shard.whole;
      const target = whole.get(name) ?? new Float32Array(k * r * s * c);
      whole.set(name, target);
      gatherShard(shard, this.readPort(this.portOf(shard, of)), target);
    }
    return whole;
  }

  setParameters(whole: ReadonlyMap<string, Float32Array>, of: 'value' | 'momentum' = 'value'): void {
    for (const shard of this.shardsWith(of)) {
      const name = parameterName(shard.layer, shard.role);
      const source = whole.get(name);
      const [k, r, s, c] = shard.whole;
      if (source?.length !== k * r * s * c) {
        expected(`${k * r * s * c} numbers`, name, source?.length ?? 'none', 'CHECKPOINT');
      }
      const block = scatterShard(shard, source);
      const { device, tensor } = this.portOf(shard, of);
      this.device(device).write(tensor.offset, block);
      if (of === 'value' && shard.copy) {
        this.device(device).write(this.portOf(shard, 'copy').tensor.offset, toBfloat16(block));
      }
    }
    this.pack();
  }

  /** Weights in the devices' own order, where commands read them so. */
  private pack(): void {
    this.inferencePlan.lists.forEach((list, device) => {
      for (const command of list) {
        if (command.op === 'convolution_forward' && command.packed) this.device(device).pack(command);
      }
    });
  }

  /** Gradients of the last step, whole-model tensors by name; only when opened with update: false. */
  gradients(): Map<string, Float32Array> {
    const whole = new Map<string, Float32Array>();
    for (const { shard, value } of this.trainingPlan?.gradients ?? []) {
      const name = parameterName(shard.layer, shard.role);
      const [k, r, s, c] = shard.whole;
      const target = whole.get(name) ?? new Float32Array(k * r * s * c);
      whole.set(name, target);
      gatherShard(shard, this.readPort((this.trainingPlan as Plan).place(value)), target);
    }
    return whole;
  }

  /** store × store × 3 for a mean image, 3 numbers for a mean colour; RGB, grey levels. */
  setMean(mean: Float32Array): void {
    for (const { device, tensor } of this.inferencePlan.mean) {
      const count = tensor.shape.reduce((a, b) => a * b);
      if (mean.length !== count) expected(`${count} numbers`, 'the mean', mean.length, 'CHECKPOINT');
      this.device(device).write(tensor.offset, mean);
    }
  }

  /** One step of the paper's SGD on one batch. */
  async train(
    batch: Batch,
    step: number,
    learningRates: readonly number[],
    options: { readonly profile?: boolean } = {},
  ): Promise<Losses & Profiled> {
    if (!this.trainingPlan || !this.trainingProgram) {
      throw new AlexNetError('USAGE', 'this network was opened for inference');
    }
    const made = this.trainingPlan;
    const losses = new Float32Array(this.batch);
    const ranks = new Int32Array(this.batch);
    const { profile } = await this.last(
      this.trainingProgram.run({
        ...options,
        number: step,
        learningRates,
        writes: writesOf(made, batch),
        reads: [readOf(made.losses, losses), readOf(made.ranks, ranks)],
      }),
    );
    return { losses, ranks, profile: profile ?? [] };
  }

  /** Forward only, dropout's units all on and scaled. Without `images` in the batch the last ones are seen again. */
  async infer(
    batch: Omit<Batch, 'images'> & { readonly images?: Batch['images'] },
    options: { readonly profile?: boolean } = {},
  ): Promise<Inference & Profiled> {
    const made = this.inferencePlan;
    const losses = new Float32Array(this.batch);
    const ranks = new Int32Array(this.batch);
    const probabilities = new Float32Array(this.batch * this.classes);
    const [tap] = made.taps.values();
    const parts = (tap ?? []).map(({ port, piece }) => ({
      port,
      piece,
      data: numbersOf(port),
    }));
    const { profile } = await this.last(
      this.inferenceProgram.run({
        ...options,
        number: 0,
        learningRates: [],
        writes: writesOf(made, batch),
        reads: [
          readOf(made.losses, losses),
          readOf(made.ranks, ranks),
          readOf(made.probabilities, probabilities),
          ...parts.map(({ port, data }) => readOf(port, data)),
        ],
      }),
    );
    return { losses, ranks, probabilities, features: joinMaps(parts, this.batch), profile: profile ?? [] };
  }

  close(): void {
    this.trainingProgram?.close();
    this.inferenceProgram.close();
    for (const device of this.devices) device.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.catch(() => undefined);
    this.close();
  }

  /** Runs follow one another in the order of these calls; closing waits for the last. */
  private async last<T>(run: Promise<T>): Promise<T> {
    this.running = run;
    return await run;
  }

  private device(index: number): Device {
    return this.devices[index] as Device;
  }

  private readPort({ device, tensor }: Port): Float32Array {
    const data = new Float32Array(tensor.shape.reduce((a, b) => a * b));
    this.device(device).read(tensor.offset, data);
    return data;
  }
}

const elementsOf = ({ tensor }: Port): number => tensor.shape.reduce((a, b) => a * b);
const numbersOf = (port: Port): Float32Array | Uint16Array =>
  port.tensor.dtype === 'bfloat16' ? new Uint16Array(elementsOf(port)) : new Float32Array(elementsOf(port));

type Write = NonNullable<RunOptions['writes']>[number];

const readOf = ({ device, tensor }: Port, data: Float32Array | Int32Array | Uint16Array): Write => ({
  device,
  offset: tensor.offset,
  data,
});

function writesOf(made: Plan, batch: Omit<Batch, 'images'> & { readonly images?: Batch['images'] }): Write[] {
  const to = (ports: readonly Port[], data: Write['data']): Write[] =>
    ports.map(({ device, tensor }) => ({
      device,
      offset: tensor.offset,
      data: tensor.dtype === 'bfloat16' && data instanceof Float32Array ? toBfloat16(data) : data,
    }));
  return [
    ...(batch.images ? to(made.images, batch.images) : []),
    ...to(made.views, batch.views),
    ...to([made.labels], batch.labels),
  ];
}

/** Device parts of N×H×W×C maps as one N×(C·H·W) array, channels slowest as in PyTorch's flatten. */
function joinMaps(
  parts: readonly { piece: { from: number; to: number }; port: Port; data: Float32Array | Uint16Array }[],
  batch: number,
): Float32Array {
  const [, height, width] = parts[0]?.port.tensor.shape ?? [0, 0, 0, 0];
  const channels = Math.max(0, ...parts.map(({ piece }) => piece.to));
  const area = height * width;
  const joined = new Float32Array(batch * area * channels);
  for (const { piece, data: read } of parts) {
    const data = read instanceof Uint16Array ? fromBfloat16(read) : read;
    const own = piece.to - piece.from;
    for (let n = 0; n < batch; n++) {
      for (let p = 0; p < area; p++) {
        for (let c = 0; c < own; c++) {
          joined[(n * channels + piece.from + c) * area + p] = data[(n * area + p) * own + c] ?? 0;
        }
      }
    }
  }
  return joined;
}
