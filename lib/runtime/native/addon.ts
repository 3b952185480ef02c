/**
 * Access to the native addon: only this folder has it. Each file gives a part of the addon its types, and the
 * errors that come out of it their class.
 */

import { AlexNetError, type ErrorCode } from '../../errors.js';
import { binary } from './binary.js';

/** The part of the addon that a file here wraps. */
export const addon = <Part>(): Part => binary().addon as Part;

/** Native errors have a message and a code already; they only become instances of this package's class. */
export function translated(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof AlexNetError) return error;
  return new AlexNetError(error.code as ErrorCode, error.message);
}

/** A call into the addon. */
export function native<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translated(error);
  }
}
