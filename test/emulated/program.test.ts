/** The program on machines with and without cards, good ones and bad ones: all emulated. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onEmulatedCards } from './cards.js';
import { photographs } from '../cli/photographs.js';
import { lastJson, program, type Ran } from '../cli/program.js';

onEmulatedCards('', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-cards-'));
    await photographs(join(folder, 'photos'), 3);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const on = (machine: string, args: readonly string[]): Promise<Ran> =>
    program(args, { cwd: folder, env: { ALEXNET_EMULATOR: `check=0,${machine}` } });

  let runs = 0;
  const tiny = ['--preset', 'mini', '--batch', '2', '--steps', '2'];
  const train = (machine: string, ...more: string[]): Promise<Ran> =>
    on(machine, ['train', 'photos', ...tiny, '--out', `run-${runs++}`, '--json', ...more]);

  /** One line, whole. */
  const line = (message: string): RegExp => new RegExp(`^alexnet-native: ${message}\n$`);

  describe('what is missing is said in one line', () => {
    const wrong: readonly [machine: string, args: readonly string[], message: string][] = [
      [
        'driver=missing',
        ['--devices', 'cuda:0,cuda:1'],
        'cuda:0 is not to be had: no NVIDIA driver was found',
      ],
      [
        'driver=12080',
        ['--devices', 'cuda:0'],
        'cuda:0 is not to be had: the NVIDIA driver is for CUDA 12\\.8; this build needs 13\\.0 or newer',
      ],
      ['devices=0', ['--devices', 'cuda:0'], 'cuda:0 is not to be had: the NVIDIA driver finds no card'],
      [
        'devices=1',
        ['--devices', 'cuda:0,cuda:1'],
        "cuda:1 is not there: this machine has one card; 'cuda:0,cuda:0' puts both halves of a network on it",
      ],
      [
        'devices=2',
        ['--devices', 'cuda:7'],
        'cuda:7 is not there: this machine has 2 cards, cuda:0 to cuda:1',
      ],
      [
        'memory=12000000',
        ['--devices', 'cuda:0', '--batch', '64'],
        'cuda:0 has \\d+ MiB free of \\d+ MiB, but \\d+ MiB are needed \\(the batch is 64; a batch of \\d+ would fit\\)',
      ],
      [
        'memory=1000000',
        ['--devices', 'cuda:0'],
        'cuda:0 has \\d+ MiB free .* \\(the batch is 2; not even one image fits\\)',
      ],
      [
        'fail_launch=40',
        ['--devices', 'cuda:0'],
        'command \\d+ of device 0 \\(\\w+, [\\w+]+\\): launching a kernel: too many resources requested for launch .*',
      ],
      [
        'fault_launch=40',
        ['--devices', 'cuda:0'],
        'running a program \\(ALEXNET_CUDA_BLOCKING=1 names the command\\): an illegal memory access was encountered .*',
      ],
    ];

    it.concurrent.each(wrong)('%s: train %j', async (machine, args, message) => {
      const ran = await train(machine, ...args);
      expect(
        ran.stderr
          .split('\n')
          .filter((text) => text.startsWith('alexnet-native'))
          .join('\n') + '\n',
      ).toMatch(line(message));
      expect(ran).toMatchObject({ code: 1, stdout: '' });
      expect(ran.stderr).not.toMatch(/^\s+at /m);
    });

    it('a fault by its command, if asked to wait for each', async () => {
      process.env['ALEXNET_CUDA_BLOCKING'] = '1';
      const ran = await train('fault_launch=40', '--devices', 'cuda:0');
      delete process.env['ALEXNET_CUDA_BLOCKING'];
      expect(ran.stderr).toMatch(
        /^alexnet-native: command \d+ of device 0 \(\w+, [\w+]+\): running it: an illegal memory access/m,
      );
      expect(ran.code).toBe(1);
    });

    it('tf32 on the CPU', async () => {
      const ran = await train('devices=1', '--devices', 'cpu', '--precision', 'tf32');
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      expect(ran.stderr).toMatch(line('expected fp32 for precision on cpu, received tf32'));
    });
  });

  describe('training', () => {
    it.each([
      ['devices=1', 'cuda:0', /on cuda:0 in bf16$/m],
      ['devices=1,capability=7.5', 'cuda:0', /on cuda:0 in fp32$/m],
      ['devices=2', 'cuda:0,cuda:1', /on cuda:0,cuda:1 in bf16$/m],
      ['devices=2,peer=0', 'cuda:0,cuda:1', /on cuda:0,cuda:1 in bf16$/m],
      [
        'devices=2,peer=corrupt',
        'cuda:0,cuda:1',
        /copies between the cards go through host memory: a copy from cuda:0 to cuda:1 arrives changed/,
      ],
      [
        'devices=2,peer=hang',
        'cuda:0,cuda:1',
        /copies between the cards go through host memory: a copy from cuda:0 to cuda:1 does not finish/,
      ],
    ])('%s: %s', async (machine, devices, said) => {
      const ran = await train(machine, '--devices', devices);
      expect(ran.code, ran.stderr).toBe(0);
      expect(lastJson(ran)).toMatchObject({ steps: 2, trainLoss: expect.closeTo(0.7, -1) });
      expect(ran.stderr).toMatch(said);
    });

    it('goes on elsewhere, and is used anywhere', async () => {
      expect((await train('devices=1', '--devices', 'cuda:0')).code).toBe(0);
      const run = `run-${runs - 1}`;
      const resumed = await on('devices=1', ['train', '--resume', run, '--steps', '3', '--devices', 'cpu']);
      expect(resumed.code, resumed.stderr).toBe(0);
      const classified = await on('devices=1', [
        'classify',
        run,
        join('photos', 'dark', '0.jpg'),
        '--devices',
        'cuda:0',
        '--json',
      ]);
      expect(lastJson(classified)).toMatchObject([{ predictions: [{}, {}] }]);
    });
  });

  it('names the cards', async () => {
    const ran = await on('devices=2,peer=0', ['devices']);
    expect(ran.stdout).toMatch(/^cuda:0 .*emulated.*compute capability 9\.0, 1\.07 GB free of 1\.07 GB/m);
    expect(ran.stdout).toMatch(/^cuda:1 .*no peer access$/m);
  });
});
