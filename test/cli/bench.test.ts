import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isResults } from '../../bench/comparison.js';
import type { Report } from '../../lib/bench/report.js';
import { lastJson, program } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'alexnet-bench-'));
const file = join(folder, 'ours.json');
afterAll(() => rmSync(folder, { recursive: true }));

const small = ['bench', '--preset', 'mini', '--batch', '8', '--runs', '1'];

/** npm run bench:compare, as built. */
async function comparison(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = fileURLToPath(new URL('../../dist/bench/compare.js', import.meta.url));
  return await new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

describe('bench on the CPU', () => {
  let ran: Awaited<ReturnType<typeof program>>;
  beforeAll(async () => {
    ran = await program([...small, '--out', file]);
  });

  it('prints every op beside the ceilings, and whole steps, in 100 columns', () => {
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^ {2}cpu: [\d,]+ GFLOP\/s of \w+ multiply-adds, [\d.,]+ GB\/s copy$/m);
    expect(ran.stdout).toMatch(/^a training step, batch 8, fp32$/m);
    expect(ran.stdout).toMatch(
      /^ {2}conv2 +convolution_backward_weights +[\d.]+ +[\d.]+ % +[\d.,]+ +\d+ % +[\d.,]+ +\d+ %$/m,
    );
    expect(ran.stdout.match(/^ {2}one by one: [\d.,]+ images\/s/gm)).toHaveLength(2);
    expect(Math.max(...ran.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('writes the same as JSON, with what it ran on', () => {
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    expect(isResults(report)).toBe(true);
    expect(report).toMatchObject({
      program: 'alexnet-native',
      options: { preset: 'mini', devices: 'cpu', batches: [8], precisions: ['fp32'], runs: 1 },
      cards: [],
      ceilings: [{ device: 'cpu' }],
      problems: [],
    });
    expect(report.rates.map(({ pass, batch }) => [pass, batch])).toEqual([
      ['training', 8],
      ['inference', 8],
    ]);
    const forward = (pass: string) =>
      report.ops.filter((row) => row.pass === pass && row.op === 'convolution_forward');
    expect(forward('training').map(({ label }) => label)).toEqual(
      forward('inference').map(({ label }) => label),
    );
    expect(report.ops.every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
  });

  it('can be compared with itself', async () => {
    const { code, stdout } = await comparison(file, file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}conv2 +convolution_forward +([\d.]+) +\1 +1 ×$/m);
    expect(stdout).toMatch(/^ {2}rows that both have +([\d.]+) +\1 +1 ×$/m);
    const again = await comparison(file, file, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ ours: 'alexnet-native', comparisons: [{}, {}] });
  });
});

it('bench with --json on two devices says what they sent each other', async () => {
  const ran = await program([...small, '--devices', 'cpu:0/2,cpu:1/2', '--json']);
  const { ops, ceilings } = lastJson(ran) as Report;
  expect(ran.code).toBe(0);
  expect(ceilings).toHaveLength(2);
  const sent = ops.filter(({ op, pass }) => op === 'transfer' && pass === 'training');
  expect(new Set(sent.map(({ label }) => label))).toEqual(new Set(['conv3', 'fc6', 'fc7', 'fc8']));
  expect(sent.every(({ bytes }) => bytes > 0)).toBe(true);
});

describe('bench refuses', () => {
  it.each([
    [['--batch', '8,'], 'expected batches such as 128 or 128,512 for --batch, received 8,'],
    [['--precision', 'bf16'], 'expected fp32 for precision on cpu, received bf16'],
    [['--runs', '0'], 'expected a positive whole number for --runs, received 0'],
    [['--devices', 'gpu'], 'for devices, received'],
  ])('%j', async (args, message) => {
    const env = { ALEXNET_NATIVE_BF16: 'none' };
    const { code, stderr } = await program(['bench', '--preset', 'mini', ...args], { env });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('to compare what is no report', async () => {
    const other = join(folder, 'other.json');
    writeFileSync(other, '{}');
    expect(await comparison(other, other)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is no report of a benchmark') as string,
    });
  });
});
