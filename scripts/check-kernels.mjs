/**
 * Builds the addon with kernels for cards and looks at what came out: registers, stack and spills of every kernel, and
 * whether the addon loads where there is no driver. A kernel that spills is slow without any test noticing, so the
 * assembler's words are compared with the table in native/cuda/registers.json.
 *
 *     node scripts/check-kernels.mjs [--write]
 *
 * Exit code 1 where a kernel spills or uses a stack frame, where the assembler gives up on asynchronous products, or
 * where the table differs; another nvcc than the table's allots registers differently, so then only the former counts.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, nvcc, root } from './platform.mjs';

const architectures = ['80', '90a'];
const folder = 'build-kernels';
const table = join(root, 'native', 'cuda', 'registers.json');
const compiler = nvcc();
if (!compiler) {
  console.log('nvcc is not found; the kernels are not compiled');
  process.exit(0);
}
const version = /release ([\d.]+)/.exec(execFileSync(compiler, ['--version'], { encoding: 'utf8' }))?.[1];
const failures = [];

/** A fresh build, with the assembler's words. */
async function build() {
  rmSync(join(root, folder), { recursive: true, force: true });
  const cmakeJs = join(root, 'node_modules', 'cmake-js', 'bin', 'cmake-js');
  const codes = architectures.map((name) => `${name}-real`).join(';');
  const options = ['--CDALEXNET_CUDA=ON', `--CDALEXNET_CUDA_ARCHITECTURES=${codes}`];
  const child = spawn(process.execPath, [cmakeJs, 'compile', '-O', folder, ...options], {
    cwd: root,
    env: { ...process.env, CUDACXX: compiler, CUDAFLAGS: '-Xptxas -v' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code === 0) return text;
  const said = text.split('\n').filter((line) => !/ptxas info|bytes stack frame/.test(line));
  console.error(said.slice(-60).join('\n'));
  process.exit(1);
}

/** As in the source: nvcc mangles unnamed namespaces with a hash of the file's path. */
const demangled = (names) =>
  execFileSync('c++filt', ['-p'], { input: names.join('\n'), encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((name) => name.replace(/alexnet::cuda::|\(anonymous namespace\)::/g, ''));

/** Lines of -Xptxas -v; parallel compilers print theirs a kernel at a time. */
function parse(text) {
  const found = [];
  for (const part of text.split(/(?=ptxas info\s+: Compiling entry function)/)) {
    const [, name, architecture] = /Compiling entry function '(\S+)' for '(\w+)'/.exec(part) ?? [];
    if (!name) continue;
    const [, stack, stores, loads] =
      /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(part) ?? [];
    const [, registers] = /Used (\d+) registers/.exec(part) ?? [];
    found.push({
      name,
      architecture,
      stack: Number(stack),
      spills: Number(stores) + Number(loads),
      registers,
    });
  }
  const names = demangled(found.map(({ name }) => name));
  return found.map((kernel, i) => ({ ...kernel, name: names[i] }));
}

function tableOf(kernels) {
  const rows = {};
  for (const { name, architecture, registers } of kernels) {
    const row = (rows[name] ??= {});
    row[architecture] = Math.max(row[architecture] ?? 0, Number(registers));
  }
  const sorted = Object.keys(rows).toSorted();
  return {
    nvcc: version,
    registers: Object.fromEntries(
      sorted.map((name) => [name, architectures.map((arch) => rows[name][`sm_${arch}`] ?? null)]),
    ),
  };
}

/** One kernel a line. */
const written = ({ nvcc: release, registers }) =>
  `{\n  "nvcc": ${JSON.stringify(release)},\n  "architectures": ${JSON.stringify(architectures)},\n  "registers": {\n${Object.entries(
    registers,
  )
    .map(([name, counts]) => `    ${JSON.stringify(name)}: ${JSON.stringify(counts)}`)
    .join(',\n')}\n  }\n}\n`;

const addon = join(root, folder, 'Release', binary);

/** What the addon says of cards in an environment of its own. */
function cudaInfo(environment) {
  const script = 'console.log(JSON.stringify(require(process.argv[1]).cudaInfo()))';
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script, addon], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  return status === 0
    ? JSON.parse(stdout)
    : { problem: `the process ends: ${stderr.trim().split('\n').at(-1)}` };
}

/** The runtime's real errors, made by a false driver. */
function checkDrivers() {
  const library = join(root, folder, 'libcuda.so.1');
  const source = join(root, 'native', 'emulator', 'fake_libcuda.c');
  const made = spawnSync('cc', ['-shared', '-fPIC', '-o', library, source], { encoding: 'utf8' });
  if (made.status !== 0) {
    failures.push(`the false driver could not be built: ${made.stderr}`);
    return;
  }
  const cases = [
    { name: 'FAKE_CUINIT', value: '100', expected: /^the NVIDIA driver finds no card$/ },
    {
      name: 'FAKE_DRIVER',
      value: '12080',
      expected: /^the NVIDIA driver is for CUDA 12\.8; this build needs 13\.\d+ or newer$/,
    },
    {
      name: 'FAKE_CUINIT',
      value: '3',
      expected: /^the NVIDIA driver says: initialization error \(cudaErrorInitializationError\)$/,
    },
    {
      name: 'FAKE_CUINIT',
      value: '999',
      expected: /^the NVIDIA driver says: unknown error \(cudaErrorUnknown\)$/,
    },
    {
      name: 'FAKE_CUINIT',
      value: '802',
      expected: /^the NVIDIA driver says: .* \(cudaErrorSystemNotReady\)$/,
    },
    {
      name: 'FAKE_CUINIT',
      value: '803',
      expected: /^the NVIDIA driver says: .* \(cudaErrorSystemDriverMismatch\)$/,
    },
    {
      name: 'FAKE_CUINIT',
      value: '804',
      expected: /^the NVIDIA driver says: .* \(cudaErrorCompatNotSupportedOnDevice\)$/,
    },
  ];
  for (const { name, value, expected } of cases) {
    const { problem } = cudaInfo({ [name]: value, LD_LIBRARY_PATH: join(root, folder) });
    if (!expected.test(problem)) failures.push(`${name}=${value}: ${problem}, not ${expected.source}`);
  }
}

function checkAddon() {
  const { problem } = cudaInfo({});
  // On a machine with a card there is none.
  console.log(`the addon loads${problem ? `: ${problem}` : ''}`);
  if (problem.startsWith('the process ends')) failures.push(problem);
  // Driver functions are asked for at run time; one that is linked would be missing where there is no driver.
  const { stdout } = spawnSync('nm', ['-D', '--undefined-only', addon], { encoding: 'utf8' });
  failures.push(...(stdout ?? '').split('\n').filter((line) => / U cu[A-Z]/.test(line)));
}

const text = await build();
failures.push(...text.split('\n').filter((line) => /\bC75\d\d\b/.test(line)));
const kernels = parse(text);
for (const { name, architecture, stack, spills } of kernels) {
  if (stack > 0 || spills > 0) {
    failures.push(`${architecture}: ${name} has a stack frame of ${stack} bytes and spills ${spills}`);
  }
}
checkAddon();
checkDrivers();
const made = tableOf(kernels);
if (process.argv.includes('--write')) {
  writeFileSync(table, written(made));
} else {
  const known = existsSync(table) ? JSON.parse(readFileSync(table, 'utf8')) : { registers: {} };
  if (known.nvcc !== undefined && known.nvcc !== version) {
    console.log(`the table is of nvcc ${known.nvcc}, this is ${version}: registers are not compared`);
  } else {
    for (const name of new Set([...Object.keys(known.registers), ...Object.keys(made.registers)])) {
      const [was, is] = [known, made].map(({ registers }) => registers[name]?.join(' and ') ?? 'none');
      if (was !== is) failures.push(`${name}: ${is} registers, in the table ${was}; if meant, --write`);
    }
  }
}
console.log(`${Object.keys(made.registers).length} kernels for ${architectures.join(' and ')}`);
for (const failure of failures) console.error(failure);
process.exit(failures.length > 0 ? 1 : 0);
