/** What happens when output cannot be written: its reader has gone (`alexnet-native plan | head`), or the disk is full. */

import { exitCodes } from '../command.js';
import { program } from '../parser.js';

let failed = false;
const leave = (): void => process.exit(failed ? exitCodes.failed : exitCodes.done);
let action = leave;

/** Call once at the start. */
export function watchOutput(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].on('error', (error: NodeJS.ErrnoException) => {
      // A reader that has seen enough is no failure.
      if (error.code !== 'EPIPE' && !failed) {
        failed = true;
        if (name === 'stdout') process.stderr.write(`${program}: cannot write to stdout: ${error.message}\n`);
      }
      action();
    });
  }
}

/** Whether anything but a reader's going away has kept output from being written: the program has failed then. */
export const outputFailed = (): boolean => failed;

/** Runs `instead` rather than leaving at once; the returned function takes that back. */
export function onLostOutput(instead: () => void): () => void {
  action = instead;
  return () => {
    action = leave;
  };
}
