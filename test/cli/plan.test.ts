import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { PlanReport } from '../../lib/plan/report.js';
import { lastJson, program } from './program.js';

const two = ['plan', '--preset', 'paper', '--devices', 'cpu:0/2,cpu:1/2', '--batch', '128'];

describe('plan --json', () => {
  it("has the paper's totals and its exchanges at conv3, fc6, fc7 and fc8", async () => {
    const report = lastJson(await program([...two, '--json'])) as PlanReport;
    expect(report.totals).toMatchObject({
      parameters: 60_965_224,
      neurons: 659_272,
      forwardFlops: 1_448_813_632,
      batchFlops: 128 * (3 * 1_448_813_632 - 210_830_400),
    });
    const exchanges = (pass: string): string[] => [
      ...new Set(report.transfers.filter((sent) => sent.pass === pass).map(({ layer }) => layer)),
    ];
    expect(exchanges('forward')).toEqual(['conv3', 'fc6', 'fc7', 'fc8']);
    expect(exchanges('backward')).toEqual(['fc8', 'fc7', 'fc6', 'conv3']);
    expect(report.totals.transferBytes).toBe(report.transfers.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(report.devices.map(({ name }) => name)).toEqual(['cpu:0/2', 'cpu:1/2']);
    for (const { peakBytes, arenaBytes } of report.devices) {
      expect(peakBytes).toBeLessThanOrEqual(arenaBytes);
      expect(arenaBytes).toBeLessThan(3e9);
    }
    expect(report.layers.find(({ name }) => name === 'conv2')).toMatchObject({
      output: [27, 27, 256],
      weights: [256, 48, 5, 5],
      parameters: 307_456,
      reads: 'own maps',
      maps: [
        { device: 0, from: 0, to: 128 },
        { device: 1, from: 128, to: 256 },
      ],
    });
  });

  it('on one device sends nothing, in inference neither keeps momentum nor goes back', async () => {
    const args = [
      'plan',
      '--preset',
      'mini',
      '--classes',
      '10',
      '--mode',
      'inference',
      '--batch',
      '1',
      '--json',
    ];
    const report = lastJson(await program(args)) as PlanReport;
    expect(report.transfers).toEqual([]);
    expect(report.devices[0]?.peak).toMatchObject({ momentum: 0, gradients: 0 });
    expect(report.totals.batchFlops).toBe(report.totals.forwardFlops);
    expect(report.timeline.spans.some(({ op }) => op.includes('backward'))).toBe(false);
  });
});

describe('plan for people', () => {
  it('shows layers, memory, transfers and both lanes of two devices in 120 columns', async () => {
    const { code, stdout } = await program(two);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^in all +60,965,224 +1\.45 GFLOP$/m);
    expect(stdout).toMatch(/^forward +conv3 +1 → 0 +11,075,584 +11\.1 MB$/m);
    expect(stdout).toMatch(/^cpu:0\/2 computes {2}1+2+3+4+5+[67]*8+/m);
    expect(stdout.match(/^ +sends {2}/gm)).toHaveLength(2);
    expect(stdout).toMatch(
      /^Estimated: .* at an assumed 1\.00 TFLOP\/s and 150 GB\/s of memory a device, 6\.00 GB\/s between$/m,
    );
    const longest = Math.max(...stdout.split('\n').map((line) => line.length));
    expect(longest).toBeLessThanOrEqual(120);
    expect(stdout).not.toContain('\u001B');
  });

  it('ends quietly when its reader goes away', async () => {
    const shell = spawn('sh', ['-c', `"$0" dist/cli/start.cjs plan | head -1`, process.execPath]);
    let printed = '';
    shell.stdout.on('data', (text: Buffer) => (printed += text.toString()));
    shell.stderr.on('data', (text: Buffer) => (printed += text.toString()));
    await new Promise((resolve) => shell.on('close', resolve));
    expect(printed).toMatch(/^paper: .*\n$/);
  });
});
