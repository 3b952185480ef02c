/** The other programs that `bench:cpu` knows, and how each is started. */

import { join } from 'node:path';
import { packageRoot } from '../lib/package-root.js';
import { cpuInfo } from '../lib/runtime/native/cpu.js';
import type { CpuSetting } from './cpu-rows.js';
import type { Handover } from './handover.js';
import { startOurs } from './ours.js';
import { startPeer, type Peer } from './peer-process.js';

export interface Places {
  readonly preset: string;
  /** A Python with torch and numpy. */
  readonly python: string;
  /** A folder where onnxruntime-node is installed. */
  readonly ort: string;
}

interface PeerKind {
  /** Inference is all that it does. */
  readonly infersOnly: boolean;
  /** It computes in less than float32. */
  readonly rounds: boolean;
  readonly start: (setting: CpuSetting, files: Handover | undefined, places: Places) => Promise<Peer>;
}

const script = (name: string): string => join(packageRoot(), 'bench', 'peers', name);

/** Flags as a program takes them. */
const flags = (values: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);

const torch = (variant: string): PeerKind => ({
  infersOnly: false,
  rounds: variant === 'bf16',
  start: async (setting, files, { preset, python }) => {
    const given = files ? { weights: files.weights, input: files.input } : {};
    return await startPeer(python, [
      script('torch_cpu.py'),
      ...flags({ ...setting, variant, preset, ...given }),
    ]);
  },
});

const onnxRuntime = (lrn: keyof Handover['models']): PeerKind => ({
  infersOnly: true,
  rounds: false,
  start: async ({ batch, threads }, files, { ort }) => {
    if (!files) throw new Error('it does not train');
    const { models, input, side } = files;
    const shape = [batch, 3, side, side].join(',');
    const given = { modules: ort, model: models[lrn], input, shape, threads };
    return await startPeer(process.execPath, [script('ort.mjs'), ...flags(given)]);
  },
});

const oursInBf16: PeerKind = {
  infersOnly: false,
  rounds: true,
  start: async (setting, _files, { preset }) => {
    const own = await startOurs({ ...setting, preset, precision: 'bf16' });
    const program = 'alexnet-native';
    return {
      program,
      probabilities: own.probabilities,
      turn: async (milliseconds) => await own.turn(milliseconds),
      [Symbol.asyncDispose]: async () => await own[Symbol.asyncDispose](),
    };
  },
};

/** By the names of --peers. */
export const peerKinds: ReadonlyMap<string, PeerKind> = new Map([
  ['ours-bf16', oursInBf16],
  ['pytorch', torch('written')],
  ['pytorch-tuned', torch('tuned')],
  ['pytorch-compiled', torch('compiled')],
  ['pytorch-bf16', torch('bf16')],
  ['onnxruntime', onnxRuntime('operator')],
  ['onnxruntime-tuned', onnxRuntime('roots')],
]);

/** All but those in bfloat16 where the processor does not multiply it: PyTorch then takes minutes for a step. */
export const usualPeers = (): string[] =>
  [...peerKinds.keys()].filter((name) => !name.endsWith('bf16') || cpuInfo().bf16 !== undefined);
