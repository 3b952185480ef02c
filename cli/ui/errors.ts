/** Errors as a user reads them: one line on stderr, and the exit code they mean. */

import { AlexNetError } from '../../lib/errors.js';
import { exitCodes } from '../command.js';
import { program } from '../parser.js';
import { visible } from './visible.js';

/** An AbortSignal's own reason, thrown by whoever heeded it. */
export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

const prefix = `${program}: `;

/** A message as one line, without the program's name in front. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const line = message.replace(/\s*\n\s*/g, ' ').trim();
  return line.startsWith(prefix) ? line.slice(prefix.length) : line;
}

export function describeError(
  error: unknown,
  verbose: boolean,
): { readonly text: string; readonly exitCode: number } {
  const expected = error instanceof AlexNetError;
  const hint = expected || verbose ? '' : '; run with --verbose for more';
  const lines = [`${prefix}${reasonOf(error)}${hint}`];
  if (verbose && error instanceof Error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      lines.push(...(cause.stack ?? String(cause)).split('\n'));
  }
  const wrongly = expected && error.code === 'USAGE';
  return {
    text: lines.map(visible).join('\n'),
    exitCode: wrongly ? exitCodes.usedWrongly : exitCodes.failed,
  };
}
