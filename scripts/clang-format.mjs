/** Checks the native sources' format, or with --write mends it. Without clang-format only CI insists. */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './platform.mjs';

const files = readdirSync(join(root, 'native'), { recursive: true })
  .filter((file) => /\.(cc|h|cu|cuh)$/.test(file))
  .map((file) => join('native', file));
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '--Werror'];
const { error, status } = spawnSync('clang-format', [...mode, ...files], { cwd: root, stdio: 'inherit' });
if (error) {
  console.error(`clang-format is not on PATH; ${files.length} native sources are not checked`);
  process.exit(process.env.CI === 'true' ? 1 : 0);
}
process.exit(status ?? 1);
