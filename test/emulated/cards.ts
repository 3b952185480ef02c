/** This process's cards are the emulator's. To be imported first. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { packageRoot } from '../../lib/package-root.js';

const addon = join(packageRoot(), 'build', 'Release', 'alexnet_native_emulated.node');
const built = existsSync(addon);
if (built) process.env['ALEXNET_NATIVE_BINARY'] = addon;

/**
 * A suite on cards that are like `configuration`, for example 'devices=2,peer=0'; a file has one, because cards are made when
 * something first asks for one.
 */
export function onEmulatedCards(configuration: string, suite: () => void): void {
  if (!built) {
    it.skip('needs the addon with emulated cards: npm run test:rest builds it', () => undefined);
    return;
  }
  process.env['ALEXNET_EMULATOR'] = configuration;
  suite();
}

/** What makes a test on such a card take a few seconds at most. */
export const bounded = { mostWork: 8, casesPerTest: 10 } as const;
