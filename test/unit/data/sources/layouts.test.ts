import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../../lib/data/sources/source.js';
import type { SourceOptions } from '../../../../lib/data/sources/types.js';
import { fill, temporaryFolder } from '../fixtures.js';
import { tarOf, writeFiles } from './miniatures.js';
import { expectKept, imagesAmong, lineOf, refusedAmong } from './reading.js';

const windows = process.platform === 'win32';

async function filled(files: readonly string[], folders: readonly string[] = []): Promise<string> {
  const folder = await temporaryFolder();
  await fill(folder, files);
  for (const name of folders) await mkdir(join(folder, name), { recursive: true });
  return folder;
}

/** Names by split, what was refused, and what was taken for what. */
async function read(folder: string, options: SourceOptions = {}) {
  await using source = await openSource(folder, options);
  const items = await expectKept(source);
  const names = (split: string): string[] =>
    imagesAmong(items).flatMap((image) => (image.split === split ? image.name : []));
  return {
    classes: source.classes?.map(({ name }) => name),
    train: names('train'),
    validation: names('validation'),
    refused: refusedAmong(items),
    parts: source.parts,
  };
}

const twoClasses = (part: string): string[] => [`${part}/a/1.jpg`, `${part}/b/1.jpg`];

const trainNames = ['train', 'training', 'Train', 'TRAINING'];
const validationNames = ['val', 'valid', 'validation', 'dev', 'Val', 'VALID'];
const testNames = ['test', 'testing', 'Test', 'TESTING'];

describe('folders for training and validation are known by their names', () => {
  it.each(
    trainNames.flatMap((train) =>
      [undefined, ...validationNames].flatMap((validation) =>
        [undefined, ...testNames].map((test) => ({ train, validation, test })),
      ),
    ),
  )('$train, $validation, $test', async ({ train, validation, test }) => {
    const made = [train, validation ?? [], test ?? []].flat();
    const folder = await filled(made.flatMap(twoClasses));
    const held = validation ?? test;
    const found = await read(folder);
    expect(found).toMatchObject({ classes: ['a', 'b'], train: twoClasses(train), refused: [] });
    expect(found.validation).toEqual(held === undefined ? [] : twoClasses(held));
    const leftAlone = validation !== undefined && test !== undefined ? [test] : [];
    const taken = held === undefined ? [] : [held];
    expect(found.parts).toEqual({ train: [train], validation: taken, leftAlone });
  });

  it.each([
    ['other folders beside them are left alone', ['extra/x/1.jpg'], { leftAlone: ['extra'] }],
    ['files beside them count for nothing', ['README.txt'], { leftAlone: [] }],
  ])('%s', async (_, more, parts) => {
    const folder = await filled([...twoClasses('train'), ...twoClasses('val'), ...more]);
    expect((await read(folder)).parts).toMatchObject(parts);
  });

  it.each([
    ['a class of trains', ['bus/1.jpg', 'car/1.jpg', 'train/1.jpg'], ['bus', 'car', 'train']],
    ['a class of tests', ['blood/1.jpg', 'test/1.jpg'], ['blood', 'test']],
  ])('but %s is a class', async (_, files, classes) => {
    expect(await read(await filled(files))).toMatchObject({ classes, parts: undefined, validation: [] });
  });

  it.each([
    [
      'validation twice',
      ['train', 'val', 'valid'],
      'DATA: DATA has several folders for validation: val, valid; expected one',
    ],
    [
      'training twice',
      ['train', 'training'],
      'DATA: DATA has several folders for training: train, training; expected one',
    ],
    [
      'two tests and no validation',
      ['train', 'test', 'testing'],
      'DATA: DATA has several folders for validation: test, testing; expected one',
    ],
    [
      'no training',
      ['test', 'val'],
      'DATA: DATA has test and val, but no folder for training; expected train beside it',
    ],
  ])('%s is refused', async (_, parts, message) => {
    const folder = await filled(parts.flatMap(twoClasses));
    expect(await lineOf(openSource(folder), folder)).toBe(message);
  });

  it.each([
    ['folders', ['Train/0.tar', 'valid/0.tar', 'test/0.tar'], ['Train'], ['valid'], ['test']],
    [
      'names',
      ['p-train-0.tar', 'p-valid-0.tar', 'p-test-0.tar'],
      ['p-train-0.tar'],
      ['p-valid-0.tar'],
      ['p-test-0.tar'],
    ],
    ['names, the test for validation', ['p-0.tar', 'p-testing-0.tar'], ['p-0.tar'], ['p-testing-0.tar'], []],
  ])('also of shards, by their %s', async (_, files, train, validation, leftAlone) => {
    const folder = await temporaryFolder();
    const bytes = await tarOf([
      { name: '0.jpg', bytes: 'x' },
      { name: '0.cls', bytes: '0' },
    ]);
    await writeFiles(
      folder,
      files.map((name) => ({ name, bytes })),
    );
    expect((await read(folder)).parts).toEqual({ train, validation, leftAlone });
  });
});

describe('what systems leave behind is passed over', () => {
  it('and counts for nothing', async () => {
    const litter = ['.DS_Store', 'Thumbs.db', 'desktop.ini', 'Desktop.ini', '._1.jpg', '__MACOSX/._1.jpg'];
    const folder = await filled(['', 'train/', 'train/a/'].flatMap((at) => litter.map((name) => at + name)));
    await fill(folder, [...twoClasses('train'), ...twoClasses('val')]);
    expect(await read(folder)).toEqual({
      classes: ['a', 'b'],
      train: twoClasses('train'),
      validation: twoClasses('val'),
      refused: [],
      parts: { train: ['train'], validation: ['val'], leftAlone: [] },
    });
  });
});

describe('classes without images', () => {
  it.each([
    ['in training', ['train/a/1', 'train/b/1', 'val/a/1', 'val/b/1', 'val/c/1'], ['train/c']],
    ['in validation', ['train/a/1', 'train/b/1', 'train/c/1', 'val/a/1', 'val/b/1'], []],
  ])('%s are an error, or keep their labels', async (_, files, folders) => {
    const folder = await filled(files, folders);
    expect(await lineOf(openSource(folder), folder)).toMatch(/ c[,;].*--allow-empty-classes/);
    const found = await read(folder, { allowEmptyClasses: true });
    expect(found.classes).toEqual(['a', 'b', 'c']);
    expect([...found.train, ...found.validation]).toEqual(files);
  });
});

describe.skipIf(windows)('data sets made of links', () => {
  /** `links`: from a place in the folder to a place in the pool. */
  async function linked(pool: readonly string[], links: Readonly<Record<string, string>>): Promise<string> {
    const [folder, outside] = [await temporaryFolder(), await temporaryFolder()];
    await fill(outside, pool);
    for (const [from, to] of Object.entries(links)) {
      await mkdir(dirname(join(folder, from)), { recursive: true });
      await symlink(join(outside, to), join(folder, from));
    }
    return folder;
  }

  it.each([
    ['to files, as caches have them', { 'a/1.jpg': 'blob1', 'b/1.jpg': 'blob2' }],
    ['to class folders', { a: 'cats', b: 'dogs' }],
  ])('%s are read', async (_, links) => {
    const folder = await linked(['blob1', 'blob2', 'cats/1.jpg', 'dogs/1.jpg'], links);
    expect(await read(folder)).toMatchObject({
      classes: ['a', 'b'],
      train: ['a/1.jpg', 'b/1.jpg'],
      refused: [],
    });
  });

  it('to links are read, and to nowhere named', async () => {
    const folder = await linked(['blob'], { 'a/1.jpg': 'blob', 'b/1.jpg': 'blob', 'b/2.jpg': 'absent' });
    await symlink(join(folder, 'a/1.jpg'), join(folder, 'a/2.jpg'));
    expect(await read(folder)).toMatchObject({
      train: ['a/1.jpg', 'a/2.jpg', 'b/1.jpg'],
      refused: ['b/2.jpg: the link leads nowhere'],
    });
  });

  it('to train and val are read, and refused with links: false', async () => {
    const folder = await linked([...twoClasses('x'), ...twoClasses('y')], { train: 'x', val: 'y' });
    expect(await read(folder)).toMatchObject({ train: twoClasses('train'), validation: twoClasses('val') });
    expect(await lineOf(openSource(folder, { links: false }), folder)).toBe(
      'DATA: DATA/train: the link leads out of DATA',
    );
  });

  it('say why nothing is left where links are refused', async () => {
    const folder = await linked(['1', '2'], { 'a/1.jpg': '1', 'b/1.jpg': '2' });
    expect(await lineOf(openSource(folder, { links: false }), folder)).toBe(
      'DATA: DATA has class folders but no images in them; the first refused, a/1.jpg: the link leads out of DATA',
    );
  });

  it('end, whatever circles they make', async () => {
    const folder = await filled(['a/1.jpg', 'b/1.jpg']);
    // Each folder has two ways to the next: 2^40 paths.
    const pool = await temporaryFolder();
    for (let n = 0; n < 40; n++) {
      await fill(pool, [`${n}/${n}.jpg`]);
      for (const name of ['x', 'y']) await symlink(join(pool, `${(n + 1) % 40}`), join(pool, `${n}`, name));
    }
    await symlink(join(pool, '0'), join(folder, 'b/pool'));
    await symlink(dirname(folder), join(folder, 'b/above'));
    await symlink('/', join(folder, 'b/root'));
    const found = await read(folder);
    expect(found.train).toHaveLength(42);
    expect(found.refused).toHaveLength(43);
    expect(found.refused).toContain('b/above: the link leads to a folder that it lies in');
    expect(found.refused).toContain('b/root: the link leads to a folder that it lies in');
    expect(found.refused).toContain('b/pool/y: the folder was read before, by another link');
  });
});
