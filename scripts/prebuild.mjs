/** Puts the addon of this machine's kind into prebuilds/, stripped, so that a package travels with it. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { built as builtForCpu, builtForCuda, prebuilt, root } from './platform.mjs';

// One binary serves machines with cards and without, so the one with kernels is the better one.
const built = existsSync(builtForCuda) ? builtForCuda : builtForCpu;
if (!existsSync(built)) {
  console.error(`${relative(root, built)} is not there; build it first: npm run build:native`);
  process.exit(1);
}
mkdirSync(dirname(prebuilt), { recursive: true });
// A copy: node-gyp leaves a hard link there, which npm packs as an empty file.
copyFileSync(built, prebuilt);
const stripped = spawnSync('strip', [process.platform === 'darwin' ? '-x' : '--strip-unneeded', prebuilt]);
const size = `${Math.round(statSync(prebuilt).size / 1024)} KiB`;
console.log(
  `${relative(root, prebuilt)}: ${size}${stripped.status === 0 ? '' : ', not stripped (no strip command)'}`,
);
