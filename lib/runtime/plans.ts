/** A network's plans for opened devices, and arenas large enough for them. */

import { AlexNetError } from '../errors.js';
import { updateOn } from '../plan/backward.js';
import type { Command } from '../plan/commands.js';
import { plan, type Plan } from '../plan/plan.js';
import { bfloat16On } from '../plan/precision.js';
import type { Device } from './native/device.js';
import type { NetworkOptions } from './network-options.js';
import { featureLayer } from '../graph/graph.js';

export interface Plans {
  readonly training: Plan | undefined;
  readonly inference: Plan;
}

export function makePlans(options: NetworkOptions, devices: readonly Device[]): Plans {
  const feature = featureLayer(options.graph);
  const onCards = options.devices.every(({ backend }) => backend === 'cuda');
  const common = {
    graph: options.graph,
    preprocessing: options.preprocessing,
    devices: devices.length,
    batch: options.batch,
    seed: options.seed ?? ([0, 0] as const),
    rawInput: options.rawInput ?? false,
    precision: options.precision ?? 'fp32',
    bfloat16: bfloat16On(onCards, options.training !== undefined),
    workspaceOf: (device: number, command: Command) => devices[device]?.workspace(command) ?? 0,
  };
  const update = options.training?.update === false ? 'never' : updateOn(onCards);
  const training = options.training && plan({ ...common, training: { ...options.training, update } });
  const inference = plan({
    ...common,
    besideTraining: training !== undefined,
    // Training changes the weights with every step: there, packing them is a part of each product.
    ...(!training && {
      packedOf: (device: number, command: Command) => devices[device]?.packedBytes(command) ?? 0,
    }),
    taps: feature ? [feature] : [],
  });
  return { training, inference };
}

function reserve(devices: readonly Device[], { training, inference }: Plans): void {
  devices.forEach((device, i) => {
    device.reserve(Math.max(training?.arenaBytes[i] ?? 0, inference.arenaBytes[i] ?? 0));
  });
}

const isOutOfMemory = (error: unknown): error is AlexNetError =>
  error instanceof AlexNetError && error.code === 'OUT_OF_MEMORY';

/** The largest of batch/2, batch/4, … that there is room for; undefined where not even one image fits. */
function batchThatFits(options: NetworkOptions, devices: readonly Device[]): number | undefined {
  for (let batch = options.batch >> 1; batch >= 1; batch >>= 1) {
    try {
      reserve(devices, makePlans({ ...options, batch }, devices));
      return batch;
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
    }
  }
  return undefined;
}

/** Makes the devices' arenas as large as the plans need, or says which batch there would be room for. */
export function reserveArenas(devices: readonly Device[], options: NetworkOptions, plans: Plans): void {
  try {
    reserve(devices, plans);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    const fits = batchThatFits(options, devices);
    const advice = fits === undefined ? 'not even one image fits' : `a batch of ${fits} would fit`;
    throw new AlexNetError('OUT_OF_MEMORY', `${error.message} (the batch is ${options.batch}; ${advice})`);
  }
}
