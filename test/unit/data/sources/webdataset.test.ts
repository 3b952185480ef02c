import { mkdir, readFile, rename, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../../lib/data/sources/source.js';
import { temporaryFolder } from '../fixtures.js';
import { jpeg, miniatureWebDataset, tarOf, writeFiles, type NamedFile } from './miniatures.js';
import { bytesOf, expectKept, imagesAmong, itemsOf, labelsIn, lineOf, refusedAmong } from './reading.js';

async function shard(files: readonly NamedFile[], name = 'a.tar'): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, [{ name, bytes: await tarOf(files) }]);
  return folder;
}

const files = (...names: readonly string[]): NamedFile[] =>
  names.map((name) => ({ name, bytes: name.endsWith('.cls') ? '1' : `content of ${name}` }));

const sample = (key: string, json: unknown): NamedFile[] => [
  { name: `${key}.jpg`, bytes: 'x' },
  { name: `${key}.json`, bytes: typeof json === 'string' ? json : JSON.stringify(json) },
];

const itemsIn = async (folder: string) => {
  await using source = await openSource(folder);
  return await expectKept(source);
};

describe('WebDataset shards', () => {
  it.each([
    ['.cls', { label: 'cls' }],
    ['.json', { label: 'json' }],
    ['.cls, in train/ and val/', { label: 'cls', folders: true }],
  ] as const)('with labels in %s are read sample by sample', async (_, how) => {
    const folder = await temporaryFolder();
    const sizes = { classes: 4, shards: 2, samplesPerShard: 5, validationShards: 1, ...how };
    const { train, validation } = await miniatureWebDataset(folder, sizes);
    await using source = await openSource(folder);
    expect(source).toMatchObject({ kind: 'webdataset', classes: null, images: null });
    const items = await expectKept(source);
    expect(refusedAmong(items)).toEqual([]);
    expect(labelsIn(items, 'train')).toEqual(train);
    expect(labelsIn(items, 'validation')).toEqual(validation);
    const [, , , , , sixth] = imagesAmong(items);
    expect(sixth && (await bytesOf(sixth)).equals(await jpeg(100))).toBe(true);
  });

  it("have their classes' names from the samples, or as given", async () => {
    const folder = await temporaryFolder();
    const sizes = { classes: 3, shards: 2, samplesPerShard: 4, label: 'named json' } as const;
    const { train } = await miniatureWebDataset(folder, sizes);
    await using source = await openSource(folder);
    expect(source.classes).toEqual(['kind 0', 'kind 1', 'kind 2'].map((name) => ({ name })));
    expect(labelsIn(await expectKept(source), 'train')).toEqual(train);
    await using given = await openSource(folder, { classNames: ['a', 'b', 'c'] });
    expect(given.classes).toEqual(['a', 'b', 'c'].map((name) => ({ name })));
    expect(given.fingerprint).not.toBe(source.fingerprint);
  });

  it('name classes for whatever labels they have', async () => {
    const folder = await shard([
      ...sample('1', { label: 4, classname: 'four' }),
      ...sample('2', { label: 1 }),
      ...sample('3', { class_id: '2', class_name: 'two' }),
    ]);
    await using source = await openSource(folder);
    expect(source.classes?.map(({ name }) => name)).toEqual(['class 0', 'class 1', 'two', 'class 3', 'four']);
    expect(labelsIn(await itemsOf(source), 'train').map(({ label }) => label)).toEqual([4, 1, 2]);
  });

  it('have a label under any of four names', async () => {
    const named = ['label', 'cls', 'class', 'class_id'].flatMap((name, n) =>
      sample(`${n}`, { [name]: n + 5 }),
    );
    const items = await itemsIn(await shard(named));
    expect(labelsIn(items, 'train').map(({ label }) => label)).toEqual([5, 6, 7, 8]);
  });

  it('group files by their path up to the first dot of the name, and skip what is no sample', async () => {
    const folder = await shard(
      files(
        'README',
        './d.ir/x.seg.png',
        './d.ir/x.JPG',
        './d.ir/x.cls',
        './d.ir/y.cls',
        './d.ir/y.webp',
        '.DS_Store',
        'other/y.png',
        'other/y.cls',
      ),
    );
    expect(labelsIn(await itemsIn(folder), 'train').map(({ name }) => name)).toEqual([
      'a.tar/./d.ir/x.JPG',
      'a.tar/./d.ir/y.webp',
      'a.tar/other/y.png',
    ]);
  });

  it.each([
    [['x-train-0.tar', 'x-train-1.tar', 'x-val-0.tar'], 2, 1],
    [['a_0.tar', 'a_validation_0.tar', 'Validation_b.tar'], 1, 2],
    [['000.tar', '001.tar', 'latest.tar', 'evaluated.tar'], 4, 0],
    [['train.tar', 'val.tar', 'test.tar'], 1, 1],
    [['test-0.tar', 'test-1.tar'], 2, 0],
    [['train/0.tar', 'train/1.tar', 'test/0.tar'], 2, 1],
    [['train/0.tar', 'val/0.tar', 'test/0.tar', 'more.tar'], 1, 1],
    [['0.tar', '.cache/x.tar'], 1, 0],
  ])('%j: told apart by their names', async (names, train, validation) => {
    const folder = await temporaryFolder();
    for (const name of names)
      await writeFiles(folder, [{ name, bytes: await tarOf(files('x.jpg', 'x.cls')) }]);
    const items = await itemsIn(folder);
    expect(labelsIn(items, 'train')).toHaveLength(train);
    expect(labelsIn(items, 'validation')).toHaveLength(validation);
  });

  it('may be a single file', async () => {
    const folder = await shard(files('x.jpg', 'x.cls'), 'val.tar');
    await using source = await openSource(join(folder, 'val.tar'));
    expect(labelsIn(await expectKept(source), 'train')).toEqual([{ name: 'val.tar/x.jpg', label: 1 }]);
  });

  it('are not what lies beside the folders that came out of it', async () => {
    for (const [archive, names] of [
      ['all.tar', ['cat/1.jpg', 'dog/1.jpg']],
      ['all.tar', ['train/cat/1.jpg', 'train/dog/1.jpg']],
      ['train/all.tar', ['train/cat/1.jpg', 'train/dog/1.jpg']],
    ] as const) {
      const folder = await shard(files('x.jpg', 'x.cls'), 'unused.tar');
      await mkdir(join(folder, archive, '..'), { recursive: true });
      await rename(join(folder, 'unused.tar'), join(folder, archive));
      await writeFiles(folder, files(...names));
      await using source = await openSource(folder);
      expect(source).toMatchObject({ kind: 'folder', images: 2 });
    }
  });

  it('have another fingerprint after any change, and the same one without', async () => {
    const folder = await shard(files('x.jpg', 'x.cls'));
    const fingerprint = async (): Promise<string> => (await openSource(folder)).fingerprint;
    const seen = [await fingerprint()];
    expect(await fingerprint()).toBe(seen[0]);
    await utimes(join(folder, 'a.tar'), new Date(), new Date(1e12));
    seen.push(await fingerprint());
    await rename(join(folder, 'a.tar'), join(folder, 'b.tar'));
    seen.push(await fingerprint());
    expect(new Set(seen).size).toBe(3);
  });
});

describe('of WebDataset shards, what is no sample with a label is refused and all else read', () => {
  it.each([
    ['without a label', files('a.jpg'), 'the sample has no label: neither .cls nor .json'],
    ['without an image', files('a.cls'), 'the sample has no .jpg, .jpeg, .png or .webp'],
    ['with text for a label', sample('a', { label: 'cat' }), 'its label is not a whole number: cat'],
    ['with a label below 0', sample('a', { label: -1 }), 'its label is not a whole number: -1'],
    ['with half a label', sample('a', { label: 0.5 }), 'its label is not a whole number: 0.5'],
    ['with labels', sample('a', { label: [1, 2] }), 'its label is not a whole number: [1,2]'],
    ['with no end of a label', sample('a', { label: 1e9 }), 'its label is not a whole number: 1000000000'],
    ['with a damaged .json', sample('a', '{"label": 1'), 'its .json is damaged'],
    ['with a .json of no object', sample('a', '3'), 'its .json is damaged'],
    [
      'with a .json without a label',
      sample('a', { width: 3 }),
      'its .json has no label under label, cls, class, class_id',
    ],
  ])('a sample %s', async (_, given, reason) => {
    const items = await itemsIn(await shard([...given, ...files('b.jpg', 'b.cls')]));
    expect(refusedAmong(items)).toEqual([`a.tar/a: ${reason}`]);
    expect(labelsIn(items, 'train')).toEqual([{ name: 'a.tar/b.jpg', label: 1 }]);
  });

  it('a shard from its damage on, or where it is cut short, or is none, if that is allowed', async () => {
    const folder = await temporaryFolder();
    const two = await tarOf(files('1.jpg', '1.cls', '2.jpg', '2.cls'));
    await writeFiles(
      folder,
      ['a.tar', 'b.tar', 'e.tar'].map((name) => ({ name, bytes: two })),
    );
    const damaged = await readFile(join(folder, 'a.tar'));
    damaged[2048 + 9] = 1;
    await writeFile(join(folder, 'a.tar'), damaged);
    await truncate(join(folder, 'b.tar'), 2048 + 512 + 4);
    await writeFile(join(folder, 'c.tar'), 'no archive');
    await mkdir(join(folder, 'd.tar'));
    await using source = await openSource(folder, { allowTruncated: true });
    const items = await expectKept(source);
    expect(refusedAmong(items)).toEqual([
      'a.tar: the archive is damaged at byte 2048',
      'b.tar: the archive ends too soon, at byte 2564',
      'c.tar: the archive ends too soon, at byte 10',
      'd.tar: it is not a file',
    ]);
    expect(labelsIn(items, 'train').map(({ name }) => name)).toEqual([
      'a.tar/1.jpg',
      'b.tar/1.jpg',
      'e.tar/1.jpg',
      'e.tar/2.jpg',
    ]);
  });
});

describe('WebDataset shards that cannot be used are refused', () => {
  it.each([
    ['is damaged', (bytes: Buffer) => bytes.fill(1, 2057, 2058), 'the archive is damaged at byte 2048'],
    ['is cut short', (bytes: Buffer) => bytes.subarray(0, 2564), 'the archive ends too soon, at byte 2564'],
  ])('where one %s, after what comes before', async (_, change, reason) => {
    const folder = await temporaryFolder();
    const two = await tarOf(files('1.jpg', '1.cls', '2.jpg', '2.cls'));
    await writeFiles(folder, [
      { name: 'a.tar', bytes: two },
      { name: 'b.tar', bytes: change(Buffer.from(two)) },
    ]);
    await using source = await openSource(folder);
    const names: string[] = [];
    const reading = (async () => {
      for await (const { name } of source.items(null)) names.push(name);
    })();
    expect(await lineOf(reading, folder)).toBe(
      `DATA: DATA/b.tar: ${reason}; fetch it again, or go on without the rest: prepare --allow-truncated`,
    );
    expect(names.slice(0, 2)).toEqual(['a.tar/1.jpg', 'a.tar/2.jpg']);
  });

  it('where a label has two names', async () => {
    const folder = await shard([
      ...sample('1', { label: 1, class_name: 'cat' }),
      ...sample('2', { label: 1, class_name: 'dog' }),
    ]);
    expect(await lineOf(openSource(folder), folder)).toBe(
      'DATA: a.tar/2.json: class 1 is called dog here and cat before; give --classes',
    );
  });

  it.each([
    ['no archive', Buffer.from('no archive'), 'the archive ends too soon, at byte 10'],
    ['a compressed archive', Buffer.alloc(2000, 'gz'), 'the archive is damaged at byte 0'],
    ['an empty archive', Buffer.alloc(10_240), 'the archive is empty'],
  ])('as a single file that is %s', async (_, bytes, reason) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.tar'), bytes);
    expect(await lineOf(openSource(join(folder, 'a.tar')), folder)).toBe(`DATA: DATA/a.tar: ${reason}`);
  });
});
