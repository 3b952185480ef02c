/** To be imported first: this process's cards are the emulator's. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../lib/package-root.js';

const addon = join(packageRoot(), 'build', 'Release', 'alexnet_native_emulated.node');
if (!existsSync(addon)) throw new Error(`${addon} is missing; npm test builds it first`);
process.env['ALEXNET_NATIVE_BINARY'] = addon;

/** What the emulator's cards are like, for example 'devices=2,peer=0'; before anything asks for a card. */
export function cardsAre(configuration: string): void {
  process.env['ALEXNET_EMULATOR'] = configuration;
}
