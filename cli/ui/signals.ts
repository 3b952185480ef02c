/** Ctrl-C and its kin: the first asks for a good end, the second ends at once. */

import { exitCodes } from '../command.js';
import { onLostOutput } from './lost-output.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A terminal signals all processes of a command, and `npm` and `timeout` pass on what they get: one Ctrl-C may arrive several
 * times. What comes within this time of the first, milliseconds, still is the first.
 */
const settling = 1000;

export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

/** `onFirst` tells the user what happens now. Output that cannot be written counts as a first Ctrl-C. */
export function interruptible(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let asked = 0;
  const ask = (): void => {
    if (controller.signal.aborted) return;
    asked = performance.now();
    controller.abort();
  };
  const handle = (): void => {
    if (!controller.signal.aborted) {
      ask();
      onFirst();
    } else if (performance.now() - asked > settling) process.exit(exitCodes.interrupted);
  };
  for (const name of signals) process.on(name, handle);
  const takeBack = onLostOutput(ask);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of signals) process.removeListener(name, handle);
      takeBack();
    },
  };
}
