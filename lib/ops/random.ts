/** Dropout's mask as an argument. */

import type { Dropout } from '../plan/commands.js';
import type { Seed } from '../random/philox.js';
import { expected, naturalNumber, positiveInteger, probability, seedOf, word } from './arguments.js';

/**
 * Which units are dropped (paper, section 4.2). The mask is a pure function of these numbers: the same on every device,
 * and the backward pass draws it again.
 */
export interface DropoutArguments {
  /** Probability that a unit is zeroed; 0.5 when absent. */
  readonly rate?: number;
  /** A non-negative integer, or two 32-bit words. */
  readonly seed: number | Seed;
  /** Tells the masks of different layers apart; 0 when absent. */
  readonly stream?: number;
  /** Channels of the whole layer, where the tensor is a part of it; the tensor's own when absent. */
  readonly channels?: number;
  /** The tensor's first channel in the whole layer; 0 when absent. */
  readonly channelOffset?: number;
}

/** For a tensor of `own` channels. */
export function dropoutOf(value: DropoutArguments, own: number): Dropout {
  const channelOffset = naturalNumber('channelOffset', value.channelOffset ?? 0);
  const channels = positiveInteger('channels', value.channels ?? own);
  if (channelOffset + own > channels) expected(`at least ${channelOffset + own}`, 'channels', channels);
  return {
    rate: probability('rate', value.rate ?? 0.5),
    seed: seedOf(value.seed),
    stream: word('stream', value.stream ?? 0),
    channels,
    channelOffset,
  };
}
