/** How many worker threads decode while devices compute. */

import { cpuInfo } from '../../runtime/native/cpu.js';

/**
 * The number asked for. Otherwise, beside cards, all cores but the one that feeds them; beside CPU devices one, because the
 * cores are for computing, and one thread mostly decodes fast enough.
 */
export const loaderThreads = (onCards: boolean, asked?: number): number =>
  asked ?? (onCards ? Math.max(1, cpuInfo().cores - 1) : 1);
