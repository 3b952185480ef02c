/**
 * Runs before `npm start` and `npm test`: in a fresh clone it installs, builds the addon and compiles; later it redoes
 * what is older than its sources, and says nothing where nothing is. --emulator: the addon with emulated cards, too, before
 * `npm run test:rest`.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { built, builtForCuda, emulated, prebuilt, root } from './platform.mjs';

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** When the youngest of the files was last changed; folders are searched for the given endings. */
function youngest(paths, endings) {
  let newest = 0;
  for (const path of paths) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) continue;
    const inside = stats.isDirectory()
      ? readdirSync(path, { withFileTypes: true })
          .filter((entry) => entry.isDirectory() || endings.some((ending) => entry.name.endsWith(ending)))
          .map((entry) => join(path, entry.name))
      : [];
    newest = Math.max(newest, stats.isDirectory() ? youngest(inside, endings) : stats.mtimeMs);
  }
  return newest;
}

function run(title, file, ...rest) {
  console.log(`> ${title}`);
  const { status } = spawnSync(process.execPath, [file, ...rest], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const at = (...names) => join(root, ...names);

// Not npm ci: it insists on the lock file naming the packages of all platforms, which a registry's mirror may not have.
function installDependencies() {
  if (modified(at('node_modules', '.package-lock.json')) >= modified(at('package-lock.json'))) return;
  const npm = process.env.npm_execpath;
  if (!npm?.endsWith('.js')) {
    console.error('node_modules is missing or older than package-lock.json: run npm install');
    process.exit(1);
  }
  run('npm install', npm, 'install', '--no-save');
}

function buildAddon() {
  if (process.env.ALEXNET_NATIVE_BINARY || process.env.ALEXNET_NATIVE_BUILD === 'skip') return;
  const sources = youngest(
    [at('native'), at('binding.gyp'), at('CMakeLists.txt')],
    ['.cc', '.h', '.inc', '.json', '.cu', '.cuh'],
  );
  // The one that would be loaded; npm install may have kept a prebuilt addon and built none.
  const [found] = [builtForCuda, built, prebuilt].filter((file) => existsSync(file));
  const stale = modified(found ?? built) < sources;
  const withEmulator = process.argv.includes('--emulator');
  if (stale && found === builtForCuda) {
    run('building the native addon for cards', at('scripts', 'install.mjs'), '--rebuild', '--cuda');
  } else if (stale) {
    run('building the native addon', at('scripts', 'install.mjs'), '--rebuild');
  }
  if (withEmulator && modified(emulated) < sources) {
    run('building the addon of the tests', at('scripts', 'install.mjs'), '--emulated');
  }
}

function compile() {
  const sources = youngest([at('lib'), at('cli'), at('bench'), at('tsconfig.json')], ['.ts', '.cts']);
  if (modified(at('dist', 'lib', 'index.js')) >= sources) return;
  run('compiling', at('node_modules', '@typescript', 'native', 'bin', 'tsc'), '-p', '.');
}

installDependencies();
buildAddon();
compile();
