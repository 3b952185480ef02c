/** Turns a user's choice of devices into devices that work together. */

import type { Precision } from '../plan/precision.js';
import { checkPrecision, defaultPrecision, openDevices, parseDevices, type DeviceSpec } from './devices.js';
import { withWorkingPeers } from './peers.js';

export interface DeviceChoice {
  /** For example 'cpu', 'cpu:0/2,cpu:1/2', 'cuda:0' or 'cuda:0,cuda:1'; default 'cpu'. */
  readonly devices?: string | undefined;
  /** Threads over all CPU devices; default: the cores this process may use. */
  readonly threads?: number | undefined;
  /**
   * What devices compute in; default: bf16 on cards that multiply bfloat16 fast, fp32 elsewhere. The CPU takes bf16 for
   * inference: it reads the fully connected layers' weights, which is most of the time of a batch of one, at half the size.
   * It trains in bf16 where the processor multiplies bfloat16 (AMX-BF16 or AVX512_BF16; cpuInfo tells).
   */
  readonly precision?: Precision | undefined;
  /** Whether two cards may copy to each other directly; default: where the driver grants it and it works. */
  readonly peerAccess?: boolean | undefined;
}

export interface ChosenDevices {
  readonly devices: readonly DeviceSpec[];
  readonly precision: Precision;
  /** What the user should know about them. */
  readonly note?: string;
}

/** Refuses impossible choices, and cards that do not exist. */
export async function chooseDevices(choice: DeviceChoice, training = false): Promise<ChosenDevices> {
  const specs = parseDevices(choice.devices ?? 'cpu', choice);
  if (choice.precision !== undefined) checkPrecision(choice.precision, specs, training);
  for (const device of openDevices(specs.filter(({ backend }) => backend === 'cuda'))) device.close();
  const { devices, note } = await withWorkingPeers(specs);
  const precision = choice.precision ?? defaultPrecision(specs);
  return { devices, precision, ...(note !== undefined && { note }) };
}
