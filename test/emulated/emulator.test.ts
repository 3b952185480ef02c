/** The emulator itself: faults planted in kernels are found, correct kernels raise no complaint. */

import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { onEmulatedCards } from './cards.js';

interface EmulatedAddon {
  emulatorCases(): string[];
  /** What was wrong; empty: nothing. */
  runEmulatorCase(name: string): string;
}

onEmulatedCards('', () => {
  const addon = createRequire(import.meta.url)(
    process.env['ALEXNET_NATIVE_BINARY'] as string,
  ) as EmulatedAddon;

  describe('the emulator', () => {
    it('has a case for each of its detectors', () => {
      expect(addon.emulatorCases().length).toBeGreaterThan(20);
    });

    it.each(addon.emulatorCases())('%s', (name) => {
      expect(addon.runEmulatorCase(name)).toBe('');
    });
  });
});
