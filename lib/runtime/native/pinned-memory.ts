/** Pinned host memory, which GPUs copy from directly. */

import { addon, native } from './addon.js';

interface PinnedMemoryPart {
  pin(memory: Uint8Array): boolean;
  unpin(memory: Uint8Array): void;
}

/**
 * Pins memory: cards copy from it directly, beside the computation, until `unpin`; it is not collected before that. False where
 * that is impossible: it stays ordinary memory, which each run copies first.
 */
export const pin = (memory: Uint8Array): boolean => native(() => addon<PinnedMemoryPart>().pin(memory));

/** Of memory that was pinned here; takes effect when no run reads it any more. May be called again. */
export const unpin = (memory: Uint8Array): void => native(() => addon<PinnedMemoryPart>().unpin(memory));
