/** The CPU: its cores, its instructions, its peak rates. */

import { addon } from './addon.js';

/** What this process may use of the processor. */
export interface CpuInfo {
  /** Cores that it may keep busy, affinity and container limits respected. */
  readonly cores: number;
  /** Their vector instructions: avx512, avx2 or baseline. */
  readonly isa: string;
  /** The instructions that multiply bfloat16, amx or avx512bf16; absent without. */
  readonly bf16?: string;
}

/** This machine's peak rates, measured now: one second of multiply-adds, one of copying. */
export interface Peak {
  /** 10⁹ float32 operations a second, from registers. */
  readonly gflops: number;
  /** 10⁹ bytes a second read and written by a copy too large for the caches. */
  readonly copyGigabytes: number;
  /** The vector instructions that were measured. */
  readonly isa: string;
}

interface CpuPart {
  cpuInfo(): CpuInfo;
  measure(options: { readonly threads: number }): Promise<Peak>;
}

export const cpuInfo = (): CpuInfo => addon<CpuPart>().cpuInfo();

export const measure = (options: { readonly threads: number }): Promise<Peak> =>
  addon<CpuPart>().measure(options);
