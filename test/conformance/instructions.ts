/**
 * Suites on the kernels of one instruction set. A file each, so that each runs in a process of its own: the core chooses its
 * kernels once. What the processor does not have is skipped, saying so.
 */

import { readFileSync } from 'node:fs';
import { it } from 'vitest';
import { cpuInfo } from '../../lib/runtime/native/cpu.js';

/** The instruction sets that the cpu backend is compiled for, and the processor's flags that each needs. */
const flagsOf = {
  baseline: [],
  avx2: ['avx2', 'fma'],
  avx512: ['avx512f', 'avx512bw', 'avx512vl', 'avx512dq'],
} as const;

export function withIsa(isa: keyof typeof flagsOf, suite: (title: string) => void): void {
  const flags = new Set(
    process.platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8').split(/\s+/) : [],
  );
  const missing = flagsOf[isa].filter((flag) => !flags.has(flag));
  if (missing.length > 0) {
    it.skip(`cpu with ${isa}: needs a processor with ${missing.join(', ')}`, () => undefined);
    return;
  }
  process.env['ALEXNET_NATIVE_ISA'] = isa;
  suite(`cpu with ${isa}`);
}

/** What multiplies bfloat16: instructions of the processor, or every one of them carried out without it. */
const bf16Needs = {
  amx: 'AMX-BF16 and Linux',
  avx512bf16: 'AVX512_BF16',
  'emulated-amx': '',
  'emulated-avx512bf16': '',
} as const;

export function withBf16(kernels: keyof typeof bf16Needs, suite: (kernels: string) => void): void {
  process.env['ALEXNET_NATIVE_BF16'] = kernels;
  if (cpuInfo().bf16 !== kernels) {
    it.skip(`bf16 by ${kernels}: needs a processor with ${bf16Needs[kernels]}`, () => undefined);
    return;
  }
  suite(kernels);
}
