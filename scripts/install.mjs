/**
 * Makes sure that there is a native addon: keeps a prebuilt one that loads, builds one otherwise.
 *
 *     node scripts/install.mjs [--rebuild]      --rebuild: build it whether or not a prebuilt one loads
 *
 * ALEXNET_NATIVE_BUILD: auto (the default), cpu (build, for the CPU), skip (do nothing).
 */

import { spawnSync } from 'node:child_process';
import { existsSync, utimesSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { built, prebuilt, root } from './platform.mjs';

const say = (message) => console.log(`alexnet-native: ${message}`);

function fail(message) {
  console.error(`alexnet-native: ${message}`);
  process.exit(1);
}

/** In a process of its own: a binary made for another machine can do worse than throw. */
function whyItDoesNotLoad(file) {
  const load = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', file], { encoding: 'utf8' });
  if (load.status === 0) return undefined;
  return (
    load.stderr.split('\n').find((line) => /Error/.test(line)) ?? `it ended the process (${load.signal})`
  );
}

const onPath = (...names) =>
  names.some((name) =>
    (process.env.PATH ?? '')
      .split(delimiter)
      .some((folder) => ['', '.exe'].some((suffix) => existsSync(join(folder, name + suffix)))),
  );

function missingTools() {
  const missing = [];
  if (!process.env.CXX && !onPath('c++', 'g++', 'clang++'))
    missing.push('a C++20 compiler (g++ 11 or newer, clang 14 or newer)');
  if (!process.env.PYTHON && !process.env.npm_config_python && !onPath('python3', 'python'))
    missing.push('Python 3');
  if (!process.env.MAKE && !onPath('make', 'gmake')) missing.push('make');
  return missing;
}

/** npm names its own node-gyp; in a clone there is one among the development dependencies. */
function nodeGyp() {
  const local = join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const found = [process.env.npm_config_node_gyp, local].find((file) => file && existsSync(file));
  return found ? [process.execPath, found] : ['node-gyp'];
}

/** Node's headers beside this Node, where they are: then nothing has to be downloaded. */
function headers() {
  if (process.env.npm_config_nodedir) return [];
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

function build() {
  const started = new Date();
  const [command, ...before] = nodeGyp();
  const jobs = process.env.JOBS ?? String(availableParallelism());
  const arguments_ = [...before, 'configure', 'build', '--jobs', jobs, '--loglevel', 'warn', ...headers()];
  const { status, error } = spawnSync(command, arguments_, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    const missing = missingTools();
    if (error) missing.push('node-gyp (npm brings one: run this through npm)');
    fail(
      missing.length > 0
        ? `the addon could not be built: ${new Intl.ListFormat('en').format(missing)} not found. ` +
            'Install what is missing (Debian and Ubuntu: apt-get install g++ make python3; macOS: xcode-select --install), ' +
            'then: npm rebuild alexnet-native'
        : 'the addon could not be built; the messages of the compiler are above',
    );
  }
  // As old as the sources it was made of, so that an edit during the build counts as newer.
  utimesSync(built, started, started);
  const reason = whyItDoesNotLoad(built);
  if (reason) fail(`the addon was built, but does not load: ${reason}`);
  say('built the CPU addon, build/Release/alexnet_native.node');
}

const mode = process.env.ALEXNET_NATIVE_BUILD ?? 'auto';
const rebuild = process.argv.includes('--rebuild');

if (!['auto', 'cpu', 'skip'].includes(mode)) {
  fail(`expected auto, cpu or skip for ALEXNET_NATIVE_BUILD, received ${mode}`);
} else if (mode === 'skip') {
  say('building the addon is skipped (ALEXNET_NATIVE_BUILD=skip)');
} else if (mode === 'auto' && !rebuild && existsSync(prebuilt) && !whyItDoesNotLoad(prebuilt)) {
  say('the prebuilt addon loads, nothing to build');
} else {
  build();
}
