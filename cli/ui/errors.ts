/** Errors as a user reads them: one line on stderr, and the exit code they mean. */

import { AlexNetError } from '../../lib/errors.js';
import { exitCodes } from '../command.js';
import { program } from '../parser.js';

/** An AbortSignal's own reason, thrown by whoever heeded it. */
export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

const oneLine = (message: string): string => message.replace(/\s*\n\s*/g, ' ').trim();

export function describeError(
  error: unknown,
  verbose: boolean,
): { readonly text: string; readonly exitCode: number } {
  const expected = error instanceof AlexNetError;
  const message = error instanceof Error ? error.message || error.name : String(error);
  const hint = expected || verbose ? '' : '; run with --verbose for more';
  const lines = [`${program}: ${oneLine(message)}${hint}`];
  if (verbose && error instanceof Error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      lines.push(cause.stack ?? String(cause));
  }
  const wrongly = expected && error.code === 'USAGE';
  return { text: lines.join('\n'), exitCode: wrongly ? exitCodes.usedWrongly : exitCodes.failed };
}
