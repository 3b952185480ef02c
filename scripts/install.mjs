/**
 * Makes sure that there is a native addon: keeps a prebuilt one that loads, builds one otherwise; with kernels for cards
 * where there are nvcc and a driver.
 *
 *     node scripts/install.mjs [--rebuild] [--cpu | --cuda [--arch 90a] | --emulated]
 *
 * --rebuild: build whether or not a prebuilt one loads. --arch: compute capabilities to build for, such as 80,90a.
 * --emulated: the tests' addon, besides the one for the CPU.
 * ALEXNET_NATIVE_BUILD: auto (the default), cpu, cuda, skip (do nothing).
 */

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, utimesSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { built, builtForCuda, emulated, nvcc, pathOf, prebuilt, root } from './platform.mjs';

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

const onPath = (...names) => names.some(pathOf);

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

/** The compute capabilities of the cards here, as CMake writes them; none without a driver. */
function cards() {
  const { status, stdout } = spawnSync('nvidia-smi', ['--query-gpu=compute_cap', '--format=csv,noheader'], {
    encoding: 'utf8',
  });
  if (status !== 0) return [];
  const found = stdout.split('\n').map((line) => line.trim().replace('.', ''));
  return [...new Set(found.filter((capability) => /^\d+$/.test(capability)))];
}

/** 90a is Hopper with its own instructions. */
const architecture = (capability) => `${capability === '90' ? '90a' : capability}-real`;

function checkLoads(file, started) {
  // As old as the sources it was made of, so that an edit during the build counts as newer.
  utimesSync(file, started, started);
  const reason = whyItDoesNotLoad(file);
  if (reason) fail(`the addon was built, but does not load: ${reason}`);
}

function buildForCuda(compiler, architectures) {
  const started = new Date();
  const cmakeJs = join(root, 'node_modules', 'cmake-js', 'bin', 'cmake-js');
  const hoisted = join(root, '..', 'cmake-js', 'bin', 'cmake-js');
  const options = ['compile', '-O', 'build-cuda', '--CDALEXNET_CUDA=ON'];
  if (architectures.length > 0) options.push(`--CDALEXNET_CUDA_ARCHITECTURES=${architectures.join(';')}`);
  const { status } = spawnSync(process.execPath, [existsSync(cmakeJs) ? cmakeJs : hoisted, ...options], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CUDACXX: compiler },
  });
  if (status !== 0) return false;
  checkLoads(builtForCuda, started);
  const which = architectures.length > 0 ? ` for ${architectures.join(', ')}` : '';
  say(`built the addon for CPU and cards${which}, build-cuda/Release/alexnet_native.node`);
  return true;
}

function buildWithNodeGyp(file, what) {
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
  checkLoads(file, started);
  say(`built ${what}, ${relative(root, file)}`);
}

const buildForCpu = () => buildWithNodeGyp(built, 'the CPU addon');

const flags = process.argv.slice(2);
const archFlag = flags.indexOf('--arch');
const architectures =
  archFlag < 0 ? [] : (flags[archFlag + 1] ?? '').split(',').map((name) => architecture(name));
const rebuild = flags.includes('--rebuild');
const modes = ['auto', 'cpu', 'cuda', 'emulated', 'skip'];
const mode = modes.find((name) => flags.includes(`--${name}`)) ?? process.env.ALEXNET_NATIVE_BUILD ?? 'auto';

/** Kernels take minutes to compile for every kind of card; for the cards that are here, less than one. */
function buildAsFound() {
  const compiler = nvcc();
  const here = compiler ? cards() : [];
  const needed = compiler && here.length > 0 && onPath('cmake');
  if (needed && buildForCuda(compiler, here.map(architecture))) return;
  if (needed) say('the addon for cards could not be built; building the one for the CPU');
  buildForCpu();
  if (compiler && here.length === 0) {
    say(
      'nvcc is here, but no driver with a card: npx alexnet-native build --cuda builds for cards all the same',
    );
  }
}

if (!modes.includes(mode)) {
  fail(`expected auto, cpu, cuda or skip for ALEXNET_NATIVE_BUILD, received ${mode}`);
} else if (mode === 'skip') {
  say('building the addon is skipped (ALEXNET_NATIVE_BUILD=skip)');
} else if (mode === 'cuda') {
  const compiler = nvcc();
  if (!compiler) fail('nvcc is not found: install the CUDA toolkit 13, or set CUDACXX to the path of nvcc');
  if (!onPath('cmake')) fail('cmake is not found: install CMake 3.24 or newer');
  if (!buildForCuda(compiler, architectures)) fail('the addon could not be built; the messages are above');
} else if (mode === 'cpu') {
  // The loader would go on preferring the other one.
  rmSync(dirname(dirname(builtForCuda)), { recursive: true, force: true });
  buildForCpu();
} else if (mode === 'emulated') {
  process.env.ALEXNET_NATIVE_EMULATOR = '1';
  buildWithNodeGyp(emulated, 'the addon of the tests');
} else if (!rebuild && existsSync(prebuilt) && !whyItDoesNotLoad(prebuilt)) {
  say('the prebuilt addon loads, nothing to build');
} else {
  buildAsFound();
}
