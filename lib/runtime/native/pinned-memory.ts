/** Host memory that GPUs read by themselves. */

import { addon, native } from './addon.js';

interface PinnedMemoryPart {
  pin(memory: Uint8Array): boolean;
  unpin(memory: Uint8Array): void;
}

/**
 * Has cards copy from this memory by themselves, beside the computation, until `unpin`; it is not collected before that. False
 * where they cannot: it remains ordinary memory, of which each run makes a copy first.
 */
export const pin = (memory: Uint8Array): boolean => native(() => addon<PinnedMemoryPart>().pin(memory));

/** Of memory that was pinned here; takes effect when no run reads it any more. May be called again. */
export const unpin = (memory: Uint8Array): void => native(() => addon<PinnedMemoryPart>().unpin(memory));
