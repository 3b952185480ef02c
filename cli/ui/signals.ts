/** Ctrl-C and its kin: the first asks for a good end, the second ends at once. */

import { exitCodes } from '../command.js';
import { onClosedPipe } from './pipes.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

/** `onFirst` tells the user what happens now. A reader of our output that goes away counts as a first Ctrl-C. */
export function interruptible(onFirst: () => void): Interruption {
  const controller = new AbortController();
  const handle = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
    onFirst();
  };
  for (const name of signals) process.on(name, handle);
  const takeBack = onClosedPipe(() => controller.abort());
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of signals) process.removeListener(name, handle);
      takeBack();
    },
  };
}
