/** One process at a time works on a run. */

import { AlexNetError } from '../errors.js';
import { isLock, lockFolder, type FolderLock, type Holder } from '../formats/folder-lock.js';

const prefix = 'train.lock';
const minute = 60_000;
/** After so many minutes without a sign of life a process on another machine is taken for dead. */
const silence = 5;

/** Another process works on the run. */
export class RunInUse extends AlexNetError {
  constructor(folder: string, { pid, host, here }: Holder) {
    const wait = here ? 'wait for it' : `wait for it, or for ${silence} minutes if it was killed`;
    super('IN_USE', `${folder} is in use by process ${pid} on ${host}; ${wait}`);
  }
}

/** Whether a name in a run's folder is that of its lock, held or left. */
export const isRunLock = (name: string): boolean => isLock(name, { prefix });

/** Locks the run in `folder`, which exists. Throws RunInUse while another process works on it. */
export async function lockRun(folder: string): Promise<AsyncDisposable> {
  const lock: FolderLock = await lockFolder(folder, {
    prefix,
    silence: silence * minute,
    inUse: (holder) => new RunInUse(folder, holder),
  });
  const beat = setInterval(() => void lock.touch(), minute).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(beat);
      await lock[Symbol.asyncDispose]();
    },
  };
}
