/**
 * What the assembler says of every kernel: registers, stack, spills. A kernel that spills is slow without any test
 * noticing, so the table in native/cuda/registers.json is compared with what nvcc makes now.
 *
 *     node scripts/registers.mjs [--write]
 *
 * Exit code 1 where a kernel spills or uses a stack frame, where the assembler gives up on asynchronous products, or
 * where the table differs; another nvcc than the table's allots registers differently, so then only the former counts.
 */

import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { nvcc, root } from './platform.mjs';

const architectures = ['sm_80', 'sm_90a'];
const table = join(root, 'native', 'cuda', 'registers.json');
const compiler = nvcc();
if (!compiler) {
  console.log('nvcc is not found; the kernels are not checked');
  process.exit(0);
}
const version = /release ([\d.]+)/.exec(execFileSync(compiler, ['--version'], { encoding: 'utf8' }))?.[1];
const { kernels } = JSON.parse(readFileSync(join(root, 'native', 'sources.json'), 'utf8'));

async function assemble(kernel) {
  const codes = architectures.map((name) => `-gencode=arch=${name.replace('sm', 'compute')},code=${name}`);
  const flags = ['-std=c++20', '-O3', '-DALEXNET_CUDA', `-I${join(root, 'native')}`, '-Xptxas', '-v'];
  const { stderr } = await promisify(execFile)(
    compiler,
    [...flags, ...codes, '-c', join(root, kernel), '-o', '/dev/null'],
    { maxBuffer: 1 << 28 },
  );
  return stderr;
}

function demangled(names) {
  const filter = join(dirname(compiler), 'cu++filt');
  if (names.length === 0 || !existsSync(filter)) return names;
  return spawnSync(filter, ['-p'], { input: names.join('\n'), encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
}

/** Lines of -Xptxas -v, kernel by kernel. */
function parse(text) {
  const found = [];
  const complaints = text.split('\n').filter((line) => /\bC75\d\d\b/.test(line));
  let current;
  for (const line of text.split('\n')) {
    const entry = /Compiling entry function '(\S+)' for '(\w+)'/.exec(line);
    if (entry) found.push((current = { name: entry[1], architecture: entry[2] }));
    const stack = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (stack && current) {
      Object.assign(current, { stack: Number(stack[1]), spills: Number(stack[2]) + Number(stack[3]) });
    }
    const used = /Used (\d+) registers/.exec(line);
    if (used && current) current.registers = Number(used[1]);
  }
  const names = demangled(found.map(({ name }) => name));
  return { complaints, kernels: found.map((kernel, i) => ({ ...kernel, name: names[i] })) };
}

const rows = {};
const failures = [];
const waiting = [...kernels];
async function work() {
  for (let kernel = waiting.shift(); kernel; kernel = waiting.shift()) {
    const file = basename(kernel);
    const { complaints, kernels: entries } = parse(await assemble(kernel));
    failures.push(...complaints.map((line) => `${file}: ${line}`));
    for (const { name, architecture, registers, stack, spills } of entries) {
      const short = name.replaceAll('alexnet::cuda::', '').replaceAll('(anonymous namespace)::', '');
      if (stack > 0) failures.push(`${file}, ${architecture}: ${short} has a stack frame of ${stack} bytes`);
      if (spills > 0) failures.push(`${file}, ${architecture}: ${short} spills ${spills} bytes`);
      ((rows[file] ??= {})[short] ??= {})[architecture] = registers;
    }
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));

const sorted = (object) =>
  Object.fromEntries(
    Object.entries(object)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, typeof value === 'object' ? sorted(value) : value]),
  );
const made = { nvcc: version, registers: sorted(rows) };
if (process.argv.includes('--write')) {
  writeFileSync(table, `${JSON.stringify(made, null, 2)}\n`);
} else {
  const known = JSON.parse(readFileSync(table, 'utf8'));
  if (known.nvcc !== version) {
    console.log(`the table is of nvcc ${known.nvcc}, this is ${version}: registers are not compared`);
  } else if (JSON.stringify(known) !== JSON.stringify(made)) {
    failures.push(
      'native/cuda/registers.json differs: node scripts/registers.mjs --write, and look at what changed',
    );
  }
}
const counted = Object.values(rows).reduce((sum, file) => sum + Object.keys(file).length, 0);
console.log(`${counted} kernels for ${architectures.join(' and ')}`);
for (const failure of failures) console.error(failure);
process.exit(failures.length > 0 ? 1 : 0);
