/** Where the package lies. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AlexNetError } from './errors.js';

/** The folder of package.json, whether this file runs from dist/ or from the sources. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder)
      throw new AlexNetError('DEVICE', 'alexnet-native: its package.json is missing; install it again');
    folder = above;
  }
  return folder;
}
