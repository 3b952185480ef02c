/** The one class of errors this package throws on purpose. The message says what is wrong and what to do. */

export type ErrorCode =
  /** An argument, flag or option out of range. */
  | 'USAGE'
  /** Images or folders that cannot be used. */
  | 'DATA'
  /** A checkpoint that is missing, damaged or does not fit. */
  | 'CHECKPOINT'
  /** A run that another process works on. */
  | 'IN_USE'
  /** A network that cannot be built or partitioned. */
  | 'GRAPH'
  /** A device that is missing or failed. */
  | 'DEVICE'
  | 'OUT_OF_MEMORY'
  /** The loss became NaN or infinite. */
  | 'DIVERGED'
  /** A command list the native core refused. */
  | 'BAD_PROGRAM'
  /** Use of something already closed. */
  | 'CLOSED';

export class AlexNetError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AlexNetError';
    this.code = code;
  }
}

/**
 * The one voice in which values are refused: "expected a positive number for epochs, received -1". `received` as it is to be
 * shown; without a name, "expected at most 2 devices, received 3".
 */
export function expected(
  what: string,
  name: string | undefined,
  received: string | number,
  code: ErrorCode = 'USAGE',
): never {
  throw new AlexNetError(
    code,
    `expected ${what}${name === undefined ? '' : ` for ${name}`}, received ${received}`,
  );
}
