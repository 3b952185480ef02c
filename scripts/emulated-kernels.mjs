/** gyp does not know .cu files: writes a .cc that includes each of them, and prints these files' paths for binding.gyp. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './platform.mjs';

const folder = join('build', 'emulated-kernels');
mkdirSync(join(root, folder), { recursive: true });
const { kernels, emulatorKernels } = JSON.parse(readFileSync(join(root, 'native', 'sources.json'), 'utf8'));
for (const kernel of [...kernels, ...emulatorKernels]) {
  // Families have files of the same name.
  const name = kernel
    .replace(/^native\//, '')
    .replace(/\.cu$/, '')
    .replaceAll('/', '-');
  const file = join(folder, `${name}.cc`);
  const text = `#include "../../${kernel}"\n`;
  // An unchanged file keeps its age, and is not compiled again.
  if (!existsSync(join(root, file)) || readFileSync(join(root, file), 'utf8') !== text) {
    writeFileSync(join(root, file), text);
  }
  console.log(file);
}
