/** One writer of a store at a time. */

import { AlexNetError } from '../../errors.js';
import { lockFolder, type FolderLock, type Holder } from '../../formats/folder-lock.js';

/** Another process is writing to the store. */
export class StoreInUse extends AlexNetError {
  constructor(folder: string, { pid, host }: Holder) {
    super('DATA', `${folder} is being prepared by process ${pid} on ${host}; wait for it`);
  }
}

/** Locks the store in `folder`, which exists. Throws StoreInUse while another process writes to it. */
export const lockStore = async (folder: string): Promise<FolderLock> =>
  await lockFolder(folder, {
    prefix: 'prepare.lock',
    // Between two transactions there may be minutes, on slow disks more.
    silence: 3600_000,
    inUse: (holder) => new StoreInUse(folder, holder),
  });
