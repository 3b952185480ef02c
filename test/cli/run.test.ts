/** Train, evaluate, classify and resume, end to end on a handful of images. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastJson, program, type Ran } from './program.js';
import { notAnImage, photographs } from './photographs.js';

const tiny = ['--preset', 'mini', '--batch', '8', '--learning-rate', '0.0005', '--threads', '2'];
/** One line for the user, nothing else. */
const refusal = (code: number, message: string | RegExp): unknown => ({
  code,
  stdout: '',
  stderr: expect.stringMatching(
    typeof message === 'string' ? `^alexnet-native: ${message}\n$` : message,
  ) as unknown,
});

/** No escape sequences, nothing redrawn. */
const expectPlain = (text: string): void => {
  for (const sign of ['\u001B', '\r']) expect(text).not.toContain(sign);
};

let folder: string;
let trained: Ran;
const at = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-cli-'));
  await photographs(at('photos'), 12);
  await notAnImage(at('photos', 'dark', 'broken.jpg'));
  trained = await program(['train', 'photos', ...tiny, '--steps', '3', '--out', 'run', '--json'], {
    cwd: folder,
  });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('train', () => {
  it('ends with one line of JSON; what happened meanwhile is on stderr, in plain lines', () => {
    expect(trained).toMatchObject({ code: 0 });
    expect(trained.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(lastJson(trained)).toEqual({
      run: 'run',
      checkpoint: join('run', 'checkpoints', 'last.safetensors'),
      steps: 3,
      trainLoss: expect.closeTo(0.7, -1),
      validation: { top1Error: expect.any(Number), top5Error: expect.any(Number) },
      imagesPerSecond: expect.any(Number),
      waitedForImages: expect.any(Number),
      parts: null,
    });
    expect(trained.stderr).toMatch(/^run: mini, [\d,]+ parameters, 2 classes, on cpu in fp32$/m);
    expect(trained.stderr).toMatch(/^skipped 1 file:\n {2}.*broken\.jpg: /m);
    expectPlain(trained.stderr);
  });

  it('leaves a run: config, metrics, checkpoints', async () => {
    const config = JSON.parse(await readFile(at('run', 'config.json'), 'utf8')) as Record<string, unknown>;
    expect(config).toMatchObject({ preset: 'mini', steps: 3, recipe: { batch: 8 } });
    const metrics = (await readFile(at('run', 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(metrics.map((line) => (JSON.parse(line) as { step: number }).step)).toContain(3);
  });

  it('does not write over a run', async () => {
    const again = await program(['train', 'photos', ...tiny, '--steps', '3', '--out', 'run'], {
      cwd: folder,
    });
    expect(again).toEqual(refusal(2, 'run holds a run already; .*--resume run, or choose another --out'));
  });

  it('that fails to start leaves nothing behind, and the folder can be had by the next one', async () => {
    const args = (batch: string): string[] => [
      'train',
      'photos',
      ...tiny,
      '--batch',
      batch,
      '--out',
      'tried',
    ];
    const failed = await program(args('10000000'), { cwd: folder });
    expect(failed).toEqual(refusal(1, /^alexnet-native: a device needs [^\n]* of memory[^\n]*\n$/));
    expect(existsSync(at('tried'))).toBe(false);
    // An empty folder of the user's is theirs.
    await mkdir(at('tried'));
    expect((await program(args('10000000'), { cwd: folder })).code).toBe(1);
    expect(await readdir(at('tried'))).toEqual([]);
    expect((await program([...args('8'), '--steps', '1'], { cwd: folder })).code).toBe(0);
  });

  it('goes on with a run, and sums up for people', async () => {
    const longer = await program(['train', '--resume', 'run', '--steps', '5'], { cwd: folder });
    expect(longer).toMatchObject({ code: 0, stderr: '' });
    expect(longer.stdout).toContain('going on from step 3 of 5\n');
    expect(longer.stdout).toMatch(/^trained to step 5 in .*images\/s$/m);
    expect(longer.stdout).toMatch(/^ {2}use it +alexnet-native classify run IMAGE…$/m);
    expectPlain(longer.stdout);
    // Not a line a step.
    expect(longer.stdout.split('\n').filter((line) => line.includes('images/s')).length).toBeLessThan(3);
  });

  it('Ctrl-C finishes the step, saves, and says how to go on', async () => {
    let asked = false;
    const args = ['train', 'photos', ...tiny, '--steps', '100000', '--validate-every', '5', '--out', 'long'];
    const stopped = await program(args, {
      cwd: folder,
      onOutput: (stdout, child) => {
        if (asked || !stdout.includes('validation top-1')) return;
        asked = true;
        child.kill('SIGINT');
      },
    });
    expect(stopped).toMatchObject({ code: 130, stderr: '' });
    expect(stopped.stdout).toContain('finishing the step and saving; press Ctrl-C again to stop at once\n');
    const step = Number(
      /stopped after step ([\d,]+) of 100,000, saved/.exec(stopped.stdout)?.[1]?.replace(',', ''),
    );
    expect(step).toBeGreaterThanOrEqual(5);
    expect(stopped.stdout).toMatch(/^ {2}alexnet-native train --resume long$/m);

    const resumed = await program(['train', '--resume', 'long', '--steps', String(step + 2), '--json'], {
      cwd: folder,
    });
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain(`going on from step ${step} of ${step + 2}`);
    expect(lastJson(resumed)).toMatchObject({ run: 'long', steps: step + 2 });
  });
});

describe('evaluate', () => {
  it.each(['1', '10'])('with %s views gives error rates and what was skipped', async (views) => {
    const ran = await program(['evaluate', 'run', 'photos', '--views', views, '--json'], { cwd: folder });
    expect(ran.code).toBe(0);
    const { skipped, ...rates } = lastJson(ran) as { skipped: { file: string; reason: string }[] };
    expect(rates).toEqual({ images: 24, top1Error: expect.any(Number), top5Error: 0 });
    expect(skipped).toEqual([{ file: expect.stringContaining('broken.jpg'), reason: expect.any(String) }]);
  });

  it('takes a store, and the part of it that is asked for', async () => {
    const made = await program(['prepare', 'photos', '--out', 'photos.store', '--size', '72'], {
      cwd: folder,
    });
    expect(made.code).toBe(0);
    const args = ['evaluate', 'run', 'photos.store', '--json'];
    expect(lastJson(await program([...args, '--split', 'train'], { cwd: folder }))).toMatchObject({
      images: 24,
      skipped: [{ file: join('dark', 'broken.jpg') }],
    });
    expect(await program([...args, '--split', 'validation'], { cwd: folder })).toEqual(
      refusal(1, 'photos.store has no images for validation'),
    );
    const learned = await program(['train', 'photos.store', ...tiny, '--steps', '2', '--out', 'run-2'], {
      cwd: folder,
    });
    expect(learned).toMatchObject({ code: 0, stderr: '' });
    expect(learned.stdout).toMatch(/^ {2}waiting for images +\d+\.\d % of the time$/m);
  });

  it('says how to make a store of an archive', async () => {
    await writeFile(at('0.jpg'), 'x');
    await writeFile(at('0.cls'), '0');
    execFileSync('tar', ['-cf', 'shard 0.tar', '0.jpg', '0.cls'], { cwd: folder });
    expect(await program(['evaluate', 'run', 'shard 0.tar'], { cwd: folder })).toEqual(
      refusal(
        1,
        "shard 0.tar is neither a folder of class folders nor a store; make a store of it first: alexnet-native prepare 'shard 0.tar' --out 'shard 0.store'",
      ),
    );
  });

  it('shows percent to people', async () => {
    const { code, stdout } = await program(['evaluate', 'run', 'photos'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^images {7}24, the centre view of each\ntop-1 error {2}\d+\.\d %\ntop-5 error {2}0\.0 %\nloss/,
    );
    expect(stdout).toMatch(/^skipped 1 file:\n {2}.*broken\.jpg/m);
  });
});

describe('classify', () => {
  const [good, bad] = [join('photos', 'bright', '0.jpg'), join('photos', 'dark', 'broken.jpg')];

  it('names the classes; a bad image does not stop the others, but fails', async () => {
    const ran = await program(['classify', 'run', bad, good, '--json'], { cwd: folder });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^alexnet-native: .*broken\.jpg: .*\n$/);
    const results = lastJson(ran) as {
      image: string;
      predictions?: { label: string; probability: number }[];
    }[];
    expect(results[0]).toEqual({ image: bad, error: expect.any(String) });
    expect(results[1]?.image).toBe(good);
    const predictions = results[1]?.predictions ?? [];
    expect(predictions.map(({ label }) => label).toSorted()).toEqual(['bright', 'dark']);
    expect(predictions.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
  });

  it('shows percent to people, as many classes as asked for', async () => {
    const { code, stdout } = await program(['classify', 'run', good, '--top', '1', '--views', '10'], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^photos.bright.0\.jpg\n +\d+\.\d % {2}(bright|dark)\n$/);
  });

  it('shows people the answers of the other images', async () => {
    const { code, stdout, stderr } = await program(['classify', 'run', bad, good, '--top', '1'], {
      cwd: folder,
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^photos.bright.0\.jpg\n +\d+\.\d % {2}(bright|dark)\n$/);
    expect(stderr).toMatch(/^alexnet-native: .*broken\.jpg: .*\n$/);
  });

  it('fails when no image could be read', async () => {
    const ran = await program(['classify', 'run', bad, 'nowhere.jpg', '--json'], { cwd: folder });
    expect(ran.code).toBe(1);
    expect(ran.stderr.trimEnd().split('\n')).toHaveLength(2);
    expect(lastJson(ran)).toHaveLength(2);
  });
});

describe('what is missing or damaged is one line', () => {
  it('a folder of images', async () => {
    expect(await program(['train', 'nowhere', ...tiny, '--out', 'none'], { cwd: folder })).toEqual(
      refusal(1, /^alexnet-native: [^\n]*nowhere[^\n]*\n$/),
    );
  });

  it('a model', async () => {
    expect(await program(['classify', 'nowhere', 'a.jpg'], { cwd: folder })).toEqual(
      refusal(1, "nowhere does not exist; expected a run's folder or a checkpoint file"),
    );
  });

  it('a checkpoint cut short', async () => {
    await mkdir(at('cut'));
    await copyFile(at('run', 'checkpoints', 'last.safetensors'), at('cut', 'last.safetensors'));
    await truncate(at('cut', 'last.safetensors'), 5000);
    expect(await program(['classify', join('cut', 'last.safetensors'), 'a.jpg'], { cwd: folder })).toEqual(
      refusal(1, /^alexnet-native: [^\n]*last\.safetensors[^\n]*\n$/),
    );
  });

  it('a class count that does not fit', async () => {
    expect(
      await program(['train', 'photos', ...tiny, '--classes', '3', '--out', 'three'], { cwd: folder }),
    ).toEqual(
      expect.objectContaining({
        code: 2,
        stderr: expect.stringMatching(/^alexnet-native: [^\n]*3 classes[^\n]*\n$/),
      }),
    );
  });

  it('devices that do not exist', async () => {
    const ran = await program(['train', 'photos', ...tiny, '--devices', 'cpu:2/2', '--out', 'none'], {
      cwd: folder,
    });
    expect(ran).toEqual(refusal(2, /^alexnet-native: [^\n]*cpu:2\/2[^\n]*\n$/));
  });

  it('bf16 for training on a processor that does not multiply it', async () => {
    const ran = await program(['train', 'photos', ...tiny, '--precision', 'bf16', '--out', 'none'], {
      cwd: folder,
      env: { ALEXNET_NATIVE_BF16: 'none' },
    });
    expect(ran).toEqual(refusal(2, /^alexnet-native: [^\n]*AMX-BF16 or AVX512_BF16[^\n]*\n$/));
  });
});

describe('devices', () => {
  it('names the cores and what --devices takes', async () => {
    const ran = await program(['devices', '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const found = lastJson(ran) as {
      cpu: { cores: number; isa: string; bf16: string | null };
      choices: { devices: string }[];
    };
    expect(found.cpu).toMatchObject({ cores: expect.any(Number), isa: expect.any(String) });
    expect(['amx', 'avx512bf16', null]).toContain(found.cpu.bf16);
    expect(found.cpu.cores).toBeGreaterThanOrEqual(1);
    expect(found.choices.map(({ devices }) => devices)).toEqual(['cpu', 'cpu:0/2,cpu:1/2', 'reference']);
    expect((await program(['devices'])).stdout).toMatch(/^CPU .*bf16.*\nCUDA +none: /);
  });
});
