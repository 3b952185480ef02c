import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * Which test file is in which project: what is named here, a file or a folder, is in that project, and everything else in
 * `quick`. `npm test` runs `quick`, `npm run test:rest` the others.
 */
const places: Readonly<Record<string, readonly string[]>> = {
  // Every op on hundreds of random shapes, by the kernels of every instruction set.
  conformance: ['test/conformance/full/'],
  // Whole networks: every preset, and the paper's in bfloat16.
  networks: ['test/network/presets.test.ts', 'test/network/golden.bf16.test.ts'],
  // Programs that are killed again and again, and disks without room.
  durability: ['test/durability/'],
  // The CUDA backend on emulated cards; needs the addon that `node scripts/setup.mjs --emulator` builds.
  emulated: ['test/emulated/'],
  // The CUDA backend on a real card: npm run test:gpu.
  gpu: ['test/gpu/'],
};

const named = Object.values(places).flat();
for (const place of named) {
  if (!existsSync(new URL(place, import.meta.url))) throw new Error(`vitest.config.ts: ${place} is missing`);
  if (!/(?:\/|\.test\.ts)$/.test(place))
    throw new Error(`vitest.config.ts: ${place} is no folder/ and no file`);
  const around = named.filter((other) => place.startsWith(other));
  if (around.length > 1) throw new Error(`vitest.config.ts: ${around.join(' and ')} overlap`);
}

const files = (place: string): string => (place.endsWith('/') ? `${place}**/*.test.ts` : place);

export default defineConfig({
  test: {
    // A process for each file: a crash of the addon is one file's failure, and environment variables stay apart.
    pool: 'forks',
    execArgv: ['--expose-gc'],
    // The default leaves a core to vitest itself, which has little to do.
    maxWorkers: availableParallelism(),
    // These find what is stuck, not what is slow: no test takes more than some seconds on two cores.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    projects: [
      { extends: true, test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: named.map(files) } },
      ...Object.entries(places).map(([name, own]) => ({
        extends: true as const,
        test: { name, include: own.map(files) },
      })),
    ],
  },
});
