/**
 * Prints an instruction set's flags of native/sources.json, for binding.gyp; of those that choose instructions, the ones
 * that the compiler knows.
 *
 *     node scripts/isa-flags.mjs amx
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, root } from './platform.mjs';

const { isa } = JSON.parse(readFileSync(join(root, 'native', 'sources.json'), 'utf8'));
const asked = process.env.CXX ?? ['c++', 'g++', 'clang++'].find((name) => pathOf(name)) ?? 'c++';
const [compiler, ...before] = asked.split(' ');

const takes = (flag) =>
  !flag.startsWith('-m') ||
  spawnSync(compiler, [...before, flag, '-fsyntax-only', '-x', 'c++', '-'], { input: '' }).status === 0;

console.log(isa[process.argv[2]].flags.filter(takes).join(' '));
