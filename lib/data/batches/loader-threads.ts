/** How many worker threads decode while devices compute. */

import { cpuInfo } from '../../runtime/native/cpu.js';

/**
 * What was asked for; otherwise, where cards compute, all cores but the one that feeds them, and else one: the cores are for
 * computing, which a thread or two of decoding rarely holds up.
 */
export const loaderThreads = (onCards: boolean, asked?: number): number =>
  asked ?? (onCards ? Math.max(1, cpuInfo().cores - 1) : 1);
