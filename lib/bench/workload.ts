/** A network's programs on their devices, filled with noise and ready to be run again and again. */

import { evaluationViews, viewRows } from '../data/batches/views.js';
import type { Graph, Preprocessing } from '../graph/graph.js';
import type { Plan, Port } from '../plan/plan.js';
import type { Precision } from '../plan/precision.js';
import { openDevices, type DeviceSpec } from '../runtime/devices.js';
import { pin, unpin } from '../runtime/native/pinned-memory.js';
import { Program, type HostCopy, type ProfileSpan, type RunOptions } from '../runtime/native/program.js';
import type { Device } from '../runtime/native/device.js';
import type { NetworkOptions } from '../runtime/network-options.js';
import { makePlans, reserveArenas } from '../runtime/plans.js';
import { initialCommands } from '../runtime/initialise.js';
import type { Pass } from './rows.js';

export interface WorkloadOptions {
  readonly graph: Graph;
  readonly preprocessing: Preprocessing;
  readonly devices: readonly DeviceSpec[];
  readonly precision: Precision;
  readonly batch: number;
  readonly classes: number;
}

export interface StepOptions {
  readonly profile?: boolean;
  /** Whether the host uploads images; otherwise the devices use those of the run before. */
  readonly upload: boolean;
}

interface CompiledPass {
  readonly plan: Plan;
  readonly program: Program;
}

const size = (port: Port): number => port.tensor.shape.reduce((a, b) => a * b);

/** Noise, in pinned memory for cards. */
function noise(bytes: number): Uint8Array {
  const images = new Uint8Array(bytes);
  pin(images);
  for (let i = 0, state = 1; i < bytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    images[i] = state >>> 24;
  }
  return images;
}

export class Workload implements AsyncDisposable {
  private running: Promise<unknown> = Promise.resolve();
  private readonly images: Uint8Array;
  private readonly views: Float32Array;
  private readonly labels: Int32Array;
  /** The same arithmetic as with any other rate, and weights that stay where they are. */
  private readonly learningRates: readonly number[];

  private constructor(
    private readonly options: WorkloadOptions,
    private readonly devices: readonly Device[],
    private readonly work: Readonly<Record<Pass, CompiledPass>>,
  ) {
    const { batch, preprocessing, classes, graph } = options;
    this.images = noise(batch * preprocessing.store ** 2 * 3);
    this.views = viewRows(evaluationViews(1, preprocessing.store, preprocessing.crop)[0], batch);
    this.labels = Int32Array.from({ length: batch }, (_, n) => n % classes);
    this.learningRates = graph.layers.flatMap(() => [0, 0]);
  }

  static async open(options: WorkloadOptions): Promise<Workload> {
    const network: NetworkOptions = {
      ...options,
      training: { momentum: 0.9, weightDecay: 0.0005, decayBiases: false },
    };
    const devices = openDevices(options.devices);
    try {
      const plans = makePlans(network, devices);
      reserveArenas(devices, network, plans);
      const compiled = (plan: Plan): CompiledPass => ({ plan, program: new Program(devices, plan.lists) });
      const workload = new Workload(options, devices, {
        training: compiled(plans.training as Plan),
        inference: compiled(plans.inference),
      });
      await workload.initialise();
      return workload;
    } catch (error) {
      for (const device of devices) device.close();
      throw error;
    }
  }

  plan(pass: Pass): Plan {
    return this.work[pass].plan;
  }

  /** One training step, or one inference up to the probabilities on the host. */
  async run(pass: Pass, { upload, profile = false }: StepOptions): Promise<readonly ProfileSpan[]> {
    const { plan, program } = this.work[pass];
    const to = (ports: readonly Port[], data: HostCopy['data']): HostCopy[] =>
      ports.map(({ device, tensor }) => ({ device, offset: tensor.offset, data }));
    const run: RunOptions = {
      number: 0,
      learningRates: this.learningRates,
      profile,
      writes: [
        ...(upload ? to(plan.images, this.images) : []),
        ...to(plan.views, this.views),
        ...to([plan.labels], this.labels),
      ],
      reads: [
        ...to([plan.losses], new Float32Array(size(plan.losses))),
        ...to([plan.ranks], new Int32Array(size(plan.ranks))),
        ...(pass === 'inference' ? to([plan.probabilities], new Float32Array(size(plan.probabilities))) : []),
      ],
    };
    const result = program.run(run);
    this.running = result;
    return (await result).profile ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.catch(() => undefined);
    for (const { program } of Object.values(this.work)) program.close();
    for (const device of this.devices) device.close();
    unpin(this.images);
  }

  /** Weights as at the start of training: numbers of an ordinary size, so that devices draw as much power as in training. */
  private async initialise(): Promise<void> {
    const { graph, preprocessing } = this.options;
    const start = { graph, preprocessing, scheme: 'he', seed: [1, 0] } as const;
    const program = new Program(this.devices, initialCommands(this.work.training.plan, start));
    try {
      await program.run({ number: 0, learningRates: [] });
    } finally {
      program.close();
    }
  }
}
