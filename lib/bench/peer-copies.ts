/** How fast two devices copy to each other when they do nothing else: one large transfer in a program of its own. */

import type { Command, Tensor } from '../plan/commands.js';
import { openDevices, type DeviceSpec } from '../runtime/devices.js';
import { cudaInfo } from '../runtime/native/cuda.js';
import { Program } from '../runtime/native/program.js';
import { median, perSecond } from './rows.js';

export interface PeerCopy {
  /** Directly to the other card's memory, or in pieces through the host's. */
  readonly how: 'direct' | 'staged';
  /** One way only, or both ways at the same time. */
  readonly ways: 1 | 2;
  /** Each way. */
  readonly bytes: number;
  readonly milliseconds: number;
  /** Each way, 10⁹ bytes a second. */
  readonly gigabytes: number;
}

const copyBytes = 256 * 2 ** 20;
const emulatedBytes = 2 ** 16;
const copies = 7;

/** Device i sends its first tensor into the other one's second. */
function lists(ways: PeerCopy['ways'], bytes: number): Command[][] {
  const at = (offset: number): Tensor => ({ offset, shape: [1, 1, 1, bytes], dtype: 'uint8' });
  const label = 'copy';
  const send = (from: number): Command => ({
    op: 'transfer',
    x: at(0),
    to: at(bytes),
    device: 1 - from,
    event: from,
    label,
  });
  const wait = (from: number): Command => ({ op: 'wait', event: from, label });
  return ways === 1 ? [[send(0)], [wait(0)]] : [0, 1].map((own) => [send(own), wait(1 - own)]);
}

async function time(specs: readonly DeviceSpec[], ways: PeerCopy['ways'], bytes: number): Promise<number> {
  const devices = openDevices(specs);
  try {
    for (const device of devices) device.reserve(2 * bytes);
    const program = new Program(devices, lists(ways, bytes));
    try {
      const times: number[] = [];
      for (let copy = 0; copy <= copies; copy++) {
        const { profile = [] } = await program.run({ number: 0, learningRates: [], profile: true });
        const sent = profile.filter(({ device, command }) => command === 0 && device < ways);
        // The first one is the warm-up.
        if (copy > 0) times.push(Math.max(...sent.map(({ start, end }) => end - start)));
      }
      return median(times);
    } finally {
      program.close();
    }
  } finally {
    for (const device of devices) device.close();
  }
}

/** Whether copies between these two go directly when they may. */
function reach(one: DeviceSpec, other: DeviceSpec): boolean {
  if (one.backend !== 'cuda' || other.backend !== 'cuda') return false;
  if (one.index === other.index) return true;
  const granted = cudaInfo().cards[one.index]?.peers[other.index] ?? false;
  return granted && one.peerAccess !== false && other.peerAccess !== false;
}

/** Nothing unless these are two cards, or one twice. Where copying directly does not work it is not tried. */
export async function peerCopies(specs: readonly DeviceSpec[]): Promise<PeerCopy[]> {
  const [one, other] = specs;
  if (one?.backend !== 'cuda' || other?.backend !== 'cuda') return [];
  const bytes = cudaInfo().emulated ? emulatedBytes : copyBytes;
  const hows = [
    ...(reach(one, other) ? (['direct'] as const) : []),
    // Within one card there is no other way.
    ...(one.index === other.index ? [] : (['staged'] as const)),
  ];
  const found: PeerCopy[] = [];
  for (const how of hows) {
    const devices = specs.map((spec) => ({ ...spec, peerAccess: how === 'direct' }));
    for (const ways of [1, 2] as const) {
      const milliseconds = await time(devices, ways, bytes);
      found.push({ how, ways, bytes, milliseconds, gigabytes: perSecond(bytes, milliseconds) });
    }
  }
  return found;
}
