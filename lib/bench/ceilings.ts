/** Peak rates of a benchmark's devices, measured in the same process just before. */

import type { DeviceSpec } from '../runtime/devices.js';
import { measureCard } from '../runtime/native/cuda.js';
import { measure } from '../runtime/native/cpu.js';
import type { Ceilings } from './rows.js';

async function ofCard(index: number): Promise<Ceilings> {
  const { copyGigabytes, fp32Tflops, tf32Tflops, bf16Tflops } = await measureCard(index);
  return {
    device: `cuda:${index}`,
    copyGigabytes,
    gflops: { fp32: 1000 * fp32Tflops, tf32: 1000 * tf32Tflops, bf16: 1000 * bf16Tflops },
  };
}

/** All threads together: devices on one machine share its memory. */
async function ofCpu(threads: number, device: string): Promise<Ceilings> {
  const { copyGigabytes, gflops, isa } = await measure({ threads });
  return { device, copyGigabytes, gflops: { fp32: gflops }, isa };
}

/** One a device. A card that is named twice is measured once. */
export async function measureCeilings(devices: readonly DeviceSpec[]): Promise<Ceilings[]> {
  const threads = devices.reduce((sum, spec) => sum + (spec.backend === 'cpu' ? spec.threads : 0), 0);
  const measured = new Map<string, Ceilings>();
  const found: Ceilings[] = [];
  for (const spec of devices) {
    const name = spec.backend === 'cuda' ? `cuda:${spec.index}` : 'cpu';
    const ceilings =
      measured.get(name) ??
      (spec.backend === 'cuda' ? await ofCard(spec.index) : await ofCpu(Math.max(1, threads), name));
    measured.set(name, ceilings);
    found.push(ceilings);
  }
  return found;
}
