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
import { dirname, join } from 'node:path';
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

function demangled(names) {
  const filter = join(dirname(compiler), 'cu++filt');
  if (names.length === 0 || !existsSync(filter)) return names;
  return spawnSync(filter, ['-p'], { input: names.join('\n'), encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
}

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
  return found.map((kernel, i) => ({
    ...kernel,
    name: names[i].replace(/alexnet::cuda::|<unnamed>::/g, ''),
  }));
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

function checkAddon() {
  const file = join(root, folder, 'Release', binary);
  const run = spawnSync(process.execPath, ['-e', 'console.log(require(process.argv[1]).cudaInfo())', file], {
    encoding: 'utf8',
  });
  if (run.status !== 0) failures.push(`the addon does not load: ${run.stderr.trim().split('\n').at(-1)}`);
  else console.log(run.stdout.trim());
  // Driver functions are asked for at run time; one that is linked would be missing where there is no driver.
  const { stdout } = spawnSync('nm', ['-D', '--undefined-only', file], { encoding: 'utf8' });
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
const made = tableOf(kernels);
if (process.argv.includes('--write')) {
  writeFileSync(table, written(made));
} else {
  const known = existsSync(table) ? JSON.parse(readFileSync(table, 'utf8')) : {};
  if (known.nvcc !== undefined && known.nvcc !== version) {
    console.log(`the table is of nvcc ${known.nvcc}, this is ${version}: registers are not compared`);
  } else if (written({ nvcc: known.nvcc, registers: known.registers ?? {} }) !== written(made)) {
    failures.push('native/cuda/registers.json differs: run with --write, and look at what changed');
  }
}
console.log(`${Object.keys(made.registers).length} kernels for ${architectures.join(' and ')}`);
for (const failure of failures) console.error(failure);
process.exit(failures.length > 0 ? 1 : 0);
