/** Images into a store, as users do it. */

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { miniatureImageNet, tarOf } from '../unit/data/sources/miniatures.js';
import { lastJson, program, type Ran } from './program.js';
import { notAnImage, photograph, photographs } from './photographs.js';

let folder: string;
let prepared: Ran;
const at = (...parts: string[]): string => join(folder, ...parts);
const run = async (...args: string[]): Promise<Ran> => await program(['prepare', ...args], { cwd: folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-cli-'));
  await photographs(at('photos', 'train'), 6);
  await photographs(at('photos', 'val'), 2);
  await notAnImage(at('photos', 'train', 'dark', 'text.jpg'));
  await notAnImage(at('photos', 'train', 'bright', 'text.jpg'));
  await writeFile(at('photos', 'val', 'dark', 'empty.jpg'), '');
  prepared = await run('photos', '--out', 'my store', '--size', '100');
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

describe('prepare', () => {
  it('ends with what is in the store', () => {
    expect(prepared).toMatchObject({ code: 0, stderr: '' });
    const lines = prepared.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^my store prepared in \d/);
    expect(prepared.stdout).toMatch(/^ {2}records +100 × 100 pixels, cropped, JPEG quality 95$/m);
    expect(prepared.stdout).toMatch(/^ {2}training +12 images$/m);
    expect(prepared.stdout).toMatch(/^ {2}validation +4 images$/m);
    expect(prepared.stdout).toMatch(/^ {2}classes +2$/m);
    expect(prepared.stdout).toMatch(/^ {2}parts +train for training; val for validation$/m);
    expect(prepared.stdout).toMatch(/^ {2}size +[\d.]+ [kM]B$/m);
    expect(prepared.stdout).toMatch(/^ {2}mean colour +\d+\.\d\d, \d+\.\d\d, \d+\.\d\d$/m);
    expect(prepared.stdout).toMatch(/^ {2}eigenvalues +[\d.]+, [\d.]+, [\d.]+ of the colours' covariance$/m);
    expect(prepared.stdout).toMatch(/^ {2}deviations +[\d.]+, [\d.]+, [\d.]+$/m);
    expect(prepared.stdout).toMatch(
      /^ {2}skipped +3, each in my store\/skipped\.jsonl\n {4}2 × .*\n {4}1 × .*empty.*$/m,
    );
    expect(lines.at(-1)).toBe("  train on it  alexnet-native train 'my store'");
    for (const sign of ['\u001B', '\r']) expect(prepared.stdout).not.toContain(sign);
  });

  it('lists every skipped file', async () => {
    const lines = (await readFile(at('my store', 'skipped.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual([
      expect.stringContaining(join('bright', 'text.jpg')),
      expect.stringContaining(join('dark', 'text.jpg')),
      expect.stringContaining(join('dark', 'empty.jpg')),
    ]);
  });

  it('--json says the same; what is complete is said to be', async () => {
    const again = await run('photos', '--out', 'my store', '--size', '100', '--json');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout.trimEnd().split('\n')).toHaveLength(1);
    const three = [expect.any(Number), expect.any(Number), expect.any(Number)];
    expect(lastJson(again)).toEqual({
      store: 'my store',
      outcome: 'complete',
      size: 100,
      fit: 'crop',
      encoding: { kind: 'jpeg', quality: 95 },
      images: { train: 12, validation: 4 },
      classes: 2,
      parts: { train: ['train'], validation: ['val'], leftAlone: [] },
      emptyClasses: { train: [], validation: [] },
      published: null,
      warnings: [],
      skipped: 3,
      reasons: [
        { reason: expect.any(String), count: 2 },
        { reason: expect.any(String), count: 1 },
      ],
      bytes: (await stat(at('my store', 'data.mdb'))).size,
      meanColour: three,
      eigenvalues: three,
      deviations: three,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const people = await run('photos', '--out', 'my store', '--size', '100');
    expect(people.stdout).toMatch(/^my store is complete already; nothing to do$/m);
  });

  it('takes the options that make a store, and refuses others for the same one', async () => {
    const options = ['--fit', 'warp', '--raw', '--size', '16', '--threads', '1', '--allow-truncated'];
    await writeFile(at('names.txt'), 'light\nshade\n');
    const first = await run('photos', '--out', 'warped', ...options, '--classes', 'names.txt', '--json');
    expect(first.code).toBe(0);
    expect(lastJson(first)).toMatchObject({ size: 16, fit: 'warp', encoding: { kind: 'raw' } });
    expect(await run('photos', '--out', 'warped', ...options)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'alexnet-native: warped is another store: its classes have other names; choose another folder or remove it\n',
    });
  });

  it('says which folders were taken for what, and which classes have no images', async () => {
    await photographs(at('parts', 'Train'), 2);
    await photographs(at('parts', 'Test'), 1);
    await photographs(at('parts', 'rest'), 1);
    await mkdir(at('parts', 'Train', 'night'));
    const refused = await run('parts', '--out', 'parts.store');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/no images in class folder night; .*--allow-empty-classes\n$/);
    const options = ['--size', '16', '--allow-empty-classes'];
    const taken = await run('parts', '--out', 'parts.store', ...options);
    expect(taken).toMatchObject({ code: 0, stderr: '' });
    expect(taken.stdout).toMatch(
      /^ {2}parts +Train for training; Test for validation, as there is no other; rest left alone$/m,
    );
    expect(taken.stdout).toMatch(/^ {2}without training +night\n {2}without validation +night$/m);
    expect(lastJson(await run('parts', '--out', 'parts.store', ...options, '--json'))).toMatchObject({
      classes: 3,
      parts: { train: ['Train'], validation: ['Test'], leftAlone: ['rest'] },
      emptyClasses: { train: ['night'], validation: ['night'] },
    });
  });

  it('fails where an archive is cut short, keeps what came before, and goes on if that is allowed', async () => {
    await photograph(at('one.jpg'), 50, 1);
    const bytes = await readFile(at('one.jpg'));
    const files = Array.from({ length: 700 }, (_, i) => [
      { name: `${i}.jpg`, bytes },
      { name: `${i}.cls`, bytes: `${i % 2}` },
    ]).flat();
    const whole = await tarOf(files);
    await writeFile(at('shard.tar'), whole.subarray(0, whole.length - 20_000));
    const args = ['shard.tar', '--out', 'cut.store', '--size', '16'];
    const length = whole.length - 20_000;
    const failed = {
      code: 1,
      stdout: '',
      stderr: `alexnet-native: shard.tar: the archive ends too soon, at byte ${length}; fetch it again, or go on without the rest: prepare --allow-truncated\n`,
    };
    expect(await run(...args)).toEqual(failed);
    const kept = (await stat(at('cut.store', 'data.mdb'))).size;
    expect(await run(...args)).toEqual(failed);
    expect((await stat(at('cut.store', 'data.mdb'))).size).toBe(kept);
    const allowed = await run(...args, '--allow-truncated', '--json');
    expect(allowed.code).toBe(0);
    const found = lastJson(allowed) as { images: { train: number }; reasons: unknown };
    const reason = `the archive ends too soon, at byte ${length}`;
    expect(found.reasons).toContainEqual({ reason, count: 1 });
    expect(found.images.train).toBeGreaterThan(512);
  });

  it("says where ImageNet's archives have not what they should", async () => {
    await miniatureImageNet(at('imagenet'), { classes: 3, trainPerClass: 2, validation: 4 });
    const ran = await run('imagenet', '--out', 'imagenet.store', '--size', '16');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const warnings = [
      'the store has 6 training images in 3 classes; ILSVRC-2012 has 1,281,167 in 1,000',
      'the store has 4 validation images; ILSVRC-2012 has 50,000',
    ];
    expect(ran.stdout.split('\n').slice(1, 3)).toEqual(warnings.map((text) => `  warning: ${text}`));
    const again = await run('imagenet', '--out', 'imagenet.store', '--size', '16', '--json');
    expect(lastJson(again)).toMatchObject({
      warnings,
      published: { train: { images: 1_281_167, classes: 1000 }, validation: { images: 50_000 } },
    });
  });

  it('warns where 16-bit images use 12 bits only', async () => {
    for (const name of ['a', 'b']) {
      await mkdir(at('deep', name), { recursive: true });
      const values = Uint16Array.from({ length: 64 * 64 }, (_, i) => (i * 97) % 4096);
      await sharp(values, { raw: { width: 64, height: 64, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toFile(at('deep', name, '1.png'));
    }
    const ran = await run('deep', '--out', 'deep.store', '--size', '16', '--json');
    const { warnings } = lastJson(ran) as { warnings: string[] };
    expect(warnings).toEqual([
      expect.stringMatching(
        /^the images are nearly black: almost all values are below \d\d of 255\. .* by 16/,
      ),
    ]);
  });

  it.skipIf(process.platform === 'win32')('writes out what names would do to a terminal', async () => {
    const [name, shown] = ['e\u001B[31m\nx', 'e\\x1b[31m\\nx'];
    await mkdir(at('escapes', 'train', name), { recursive: true });
    await mkdir(at('escapes', 'val'));
    await photographs(at('escapes', 'train'), 1);
    await photographs(at('escapes', 'val'), 1);
    await mkdir(at('escapes', name));
    const refused = await run('escapes', '--out', 'escapes.store', '--size', '16');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('in class folder e\\x1b[31m x;');
    expect(refused.stderr.trimEnd()).not.toMatch(/\p{Cc}/u);
    const taken = await run('escapes', '--out', 'escapes.store', '--size', '16', '--allow-empty-classes');
    expect(taken).toMatchObject({ code: 0, stderr: '' });
    expect(taken.stdout).toContain(`; ${shown} left alone\n`);
    expect(taken.stdout).toContain(`without training    ${shown}\n`);
    expect(taken.stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it.skipIf(process.platform === 'win32')('follows links unless told not to', async () => {
    await photographs(at('pool'), 2);
    await mkdir(at('linked'));
    for (const name of ['dark', 'bright']) await symlink(at('pool', name), at('linked', name));
    expect(await run('linked', '--out', 'linked.store', '--size', '16')).toMatchObject({ code: 0 });
    const refused = await run('linked', '--out', 'unlinked.store', '--no-links');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
  });

  it.each([
    [['photos'], 'expected a folder for the store: --out STORE'],
    [['photos', '--out', 'x', '--size', '0'], 'expected a positive whole number for --size, received 0'],
    [['photos', '--out', 'x', '--fit', 'pad'], 'expected crop or warp for --fit, received pad'],
    [
      ['photos', '--out', 'x', '--quality', '101'],
      'expected a whole number from 1 to 100 for --quality, received 101',
    ],
    [
      ['photos', '--out', 'x', '--raw', '--quality', '9'],
      '--raw and --quality are given both; expected one of them',
    ],
  ])('used wrongly: %j', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '', stderr: `alexnet-native: ${message}\n` });
  });

  it('fails in one line without images, and where the folder is taken', async () => {
    const missing = await run('nowhere', '--out', 'x');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/^alexnet-native: [^\n]*nowhere[^\n]*\n$/);
    expect(await run('photos', '--out', 'photos')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'alexnet-native: photos is not a store and not empty (train); choose another folder\n',
    });
  });

  it('Ctrl-C keeps what is whole and says how to go on', async () => {
    await mkdir(at('many', 'one'), { recursive: true });
    await photograph(at('many', 'one', '0.jpg'), 50, 1);
    const bytes = await readFile(at('many', 'one', '0.jpg'));
    for (let i = 1; i < 1300; i++) await writeFile(at('many', 'one', `${i}.jpg`), bytes);
    const args = ['many', '--size', '24', '--threads', '2', '--out'];
    const stop = new AbortController();
    const stopped = await program(['prepare', ...args, 'stopped'], {
      cwd: folder,
      onStart: (child) => {
        const watch = setInterval(() => {
          void stat(at('stopped', 'data.mdb')).then(
            ({ size }) => size > 200_000 && child.kill('SIGINT') && clearInterval(watch),
            () => undefined,
          );
        }, 20);
        stop.signal.addEventListener('abort', () => clearInterval(watch));
      },
    });
    stop.abort();
    expect(stopped).toMatchObject({ code: 130, stderr: '' });
    expect(stopped.stdout).toMatch(
      /^saving what is done; press Ctrl-C again to stop at once\nstopped with [\d,]+ images in stopped; run the same command again to go on\n$/,
    );
    expect(await run(...args, 'stopped')).toMatchObject({ code: 0 });
    expect(await run(...args, 'whole')).toMatchObject({ code: 0 });
    const [resumed, whole] = await Promise.all(
      ['stopped', 'whole'].map(async (store) =>
        createHash('sha256')
          .update(await readFile(at(store, 'data.mdb')))
          .digest('hex'),
      ),
    );
    expect(resumed).toBe(whole);
  });
});
