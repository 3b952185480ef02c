import { readFile, stat, truncate, utimes, writeFile, rm, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDevkit } from '../../../../lib/data/sources/devkit.js';
import { openSource } from '../../../../lib/data/sources/source.js';
import { sharedFile, temporaryFolder } from '../fixtures.js';
import {
  devkitOf,
  jpeg,
  metaMat,
  miniatureImageNet,
  tarOf,
  writeFiles,
  type NamedFile,
} from './miniatures.js';
import { bytesOf, expectKept, imagesAmong, itemsOf, labelsIn, lineOf, refusedAmong } from './reading.js';

const trainName = 'ILSVRC2012_img_train.tar';
const validationName = 'ILSVRC2012_img_val.tar';
const devkitName = 'ILSVRC2012_devkit_t12.tar.gz';

async function made(sizes = { classes: 5, trainPerClass: 3, validation: 7 }) {
  const folder = await temporaryFolder();
  return { folder, ...(await miniatureImageNet(folder, sizes)) };
}

/** An archive of one class, or of classes, as files of another. */
const classTar = async (wnid: string, names: readonly string[]): Promise<NamedFile> => ({
  name: `${wnid}.tar`,
  bytes: await tarOf(names.map((name) => ({ name, bytes: `content of ${name}` }))),
});

async function trainOnly(members: readonly NamedFile[]): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, [{ name: trainName, bytes: await tarOf(members) }]);
  return folder;
}

describe('the ILSVRC-2012 archives', () => {
  it('are read in place: training images by class, validation images by the ground truth', async () => {
    const { folder, wnids, words, train, validation } = await made();
    await using source = await openSource(folder);
    expect(source.kind).toBe('imagenet');
    expect(source.classes).toEqual(wnids.map((wnid, label) => ({ name: words[label], wnid })));
    expect(wnids).toEqual(wnids.toSorted());
    const items = await expectKept(source);
    expect(refusedAmong(items)).toEqual([]);
    expect(labelsIn(items, 'train')).toEqual(train);
    expect(labelsIn(items, 'validation')).toEqual(validation);
    const [first, last] = [items.at(0), items.at(-1)].map((item) => item && imagesAmong([item])[0]);
    expect(first && (await bytesOf(first)).equals(await jpeg(0))).toBe(true);
    expect(last && (await bytesOf(last)).equals(await jpeg(10_006))).toBe(true);
  });

  it.each([
    ['the folder without the validation images', (folder: string) => folder],
    ['the training archive itself', (folder: string) => join(folder, trainName)],
  ])('may be %s, and without a kit classes are what the archive has', async (_, path) => {
    const { folder, wnids, train } = await made();
    await rm(join(folder, validationName));
    await rm(join(folder, devkitName));
    await using source = await openSource(path(folder));
    expect(source.classes).toEqual(wnids.map((wnid) => ({ name: wnid, wnid })));
    expect(labelsIn(await expectKept(source), 'train')).toEqual(train);
  });

  it('take their kit from elsewhere, unpacked or not', async () => {
    const { folder, words, validation, synsets } = await made();
    const kit = join(await temporaryFolder(), 'kit.tar.gz');
    const packed = await readFile(join(folder, devkitName));
    await writeFile(kit, packed);
    await rm(join(folder, devkitName));
    await using source = await openSource(folder, { devkit: kit });
    expect(source.classes?.map(({ name }) => name)).toEqual(words);
    expect(labelsIn(await itemsOf(source), 'validation')).toEqual(validation);

    const unpacked = join(folder, 'ILSVRC2012_devkit_t12');
    await mkdir(unpacked);
    expect(await lineOf(openSource(folder), folder)).toBe(
      'DATA: DATA/ILSVRC2012_devkit_t12 has no data/meta.mat; expected ILSVRC2012_devkit_t12.tar.gz as downloaded',
    );
    await writeFiles(unpacked, [
      { name: 'data/meta.mat', bytes: metaMat(synsets) },
      { name: 'data/ILSVRC2012_validation_ground_truth.txt', bytes: '1\r\n2\r\n' },
    ]);
    const { classes, validation: labels } = await readDevkit(unpacked);
    expect(classes.map(({ name }) => name)).toEqual(words);
    expect(labels.map((label) => classes[label ?? -1]?.wnid)).toEqual(
      synsets.slice(0, 2).map(({ wnid }) => wnid),
    );
  });

  it('have another fingerprint after any change, and the same one without', async () => {
    const { folder } = await made();
    const fingerprint = async (): Promise<string> => {
      await using source = await openSource(folder, { allowTruncated: true });
      return source.fingerprint;
    };
    const seen = [await fingerprint()];
    expect(await fingerprint()).toBe(seen[0]);
    for (const name of [trainName, validationName]) {
      await utimes(join(folder, name), new Date(), new Date(1e12));
      seen.push(await fingerprint());
    }
    await truncate(join(folder, trainName), (await stat(join(folder, trainName))).size - 1024);
    await utimes(join(folder, trainName), new Date(), new Date(1e12));
    seen.push(await fingerprint());
    const synsets = [1, 2, 3, 4, 5].map((id) => ({ id, wnid: `n0000000${id}`, words: `w${id}` }));
    await writeFile(join(folder, devkitName), await devkitOf(metaMat(synsets), [1, 2, 3, 4, 5, 1, 2]));
    seen.push(await fingerprint());
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('of the ILSVRC-2012 archives, what is no image is refused and all else read', () => {
  it('entries that are not JPEG files, archives that are not of a class, and classes the kit lacks', async () => {
    const folder = await trainOnly([
      await classTar('n00000002', ['n00000002_1.JPEG', 'notes.txt', 'n00000002_2.JPEG']),
      { name: 'README', bytes: 'hello' },
      await classTar('n00000009', ['n00000009_1.JPEG']),
      await classTar('n00000001', ['n00000001_1.JPEG']),
    ]);
    const synsets = [
      { id: 1, wnid: 'n00000002', words: 'two' },
      { id: 2, wnid: 'n00000001', words: 'one' },
    ];
    await writeFile(join(folder, devkitName), await devkitOf(metaMat(synsets), [1]));
    await using source = await openSource(folder);
    const items = await expectKept(source);
    expect(labelsIn(items, 'train')).toEqual([
      { name: 'n00000002/n00000002_1.JPEG', label: 1 },
      { name: 'n00000002/n00000002_2.JPEG', label: 1 },
      { name: 'n00000001/n00000001_1.JPEG', label: 0 },
    ]);
    expect(refusedAmong(items)).toEqual([
      'n00000002/notes.txt: its name does not end in .JPEG',
      'README: it is not the archive of a class',
      'n00000009.tar: the development kit has no n00000009',
    ]);
  });

  it("validation images the kit does not know, and ids that are no class's", async () => {
    const { folder, synsets } = await made({ classes: 4, trainPerClass: 1, validation: 3 });
    const above = synsets.at(-1)?.id ?? 0;
    await writeFile(join(folder, devkitName), await devkitOf(metaMat(synsets), [above, 2]));
    await using source = await openSource(folder);
    const items = await expectKept(source);
    expect(labelsIn(items, 'validation').map(({ name }) => name)).toEqual(['ILSVRC2012_val_00000002.JPEG']);
    expect(refusedAmong(items)).toEqual(
      [1, 3].map((n) => `ILSVRC2012_val_0000000${n}.JPEG: the development kit has no class for it`),
    );
  });

  it('a damaged archive of a class, from the damage on', async () => {
    const damaged = await classTar('n00000002', ['n00000002_1.JPEG', 'n00000002_2.JPEG']);
    (damaged.bytes as Buffer)[1024 + 10] = 1;
    const folder = await trainOnly([
      await classTar('n00000001', ['n00000001_1.JPEG']),
      damaged,
      { name: 'n00000003.tar', bytes: 'no archive' },
      await classTar('n00000004', ['n00000004_1.JPEG']),
    ]);
    const opened = await openSource(folder);
    expect(await lineOf(itemsOf(opened), folder)).toMatch(
      /^DATA: DATA\/ILSVRC2012_img_train\.tar, n00000002\.tar in it: the archive is damaged at byte \d+; .*--allow-truncated$/,
    );
    await using source = await openSource(folder, { allowTruncated: true });
    const items = await expectKept(source);
    expect(labelsIn(items, 'train').map(({ label }) => label)).toEqual([0, 1, 3]);
    expect(refusedAmong(items)).toEqual([
      expect.stringMatching(/^n00000002\.tar: the archive is damaged at byte \d+$/),
      expect.stringMatching(/^n00000003\.tar: the archive ends too soon, at byte \d+$/),
    ]);
  });

  it('an archive cut short anywhere, if that is allowed: once, and all that is whole is kept', async () => {
    const members = await Promise.all(
      [1, 2, 3].map(
        async (n) => await classTar(`n0000000${n}`, [`n0000000${n}_1.JPEG`, `n0000000${n}_2.JPEG`]),
      ),
    );
    const folder = await trainOnly(members);
    const path = join(folder, trainName);
    const whole = await readFile(path);
    await using source = await openSource(folder);
    const all = await itemsOf(source);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 512, max: whole.length - 1025 }), async (length) => {
        await writeFile(path, whole.subarray(0, length));
        expect(await lineOf(openSource(folder), folder)).toBe(
          `DATA: DATA/${trainName}: the archive ends too soon, at byte ${length}; fetch it again, or go on without the rest: prepare --allow-truncated`,
        );
        await using cut = await openSource(folder, { allowTruncated: true });
        const items = await expectKept(cut);
        expect(refusedAmong(items)).toEqual([`${trainName}: the archive ends too soon, at byte ${length}`]);
        const kept = imagesAmong(items);
        const [facts, expected] = [kept, imagesAmong(all).slice(0, kept.length)].map((images) =>
          images.map(({ name, content }) => ({ name, content })),
        );
        expect(facts).toEqual(expected);
        const missing = imagesAmong(all)[kept.length];
        if (missing) expect(missing.bytesRead).toBeGreaterThan(length);
      }),
      { numRuns: 30 },
    );
  });
});

describe('ILSVRC-2012 archives that cannot be used are refused', () => {
  const refusal = async (folder: string, path = folder) => await lineOf(openSource(path), folder);

  it('without the kit, where there are validation images', async () => {
    const { folder } = await made();
    await rm(join(folder, devkitName));
    expect(await refusal(folder)).toBe(
      `DATA: DATA: the validation images' classes are in ${devkitName}; put it there too, or give --devkit`,
    );
  });

  it('without the training images', async () => {
    const { folder } = await made();
    await rm(join(folder, trainName));
    expect(await refusal(folder)).toBe(`DATA: DATA has no ${trainName}; put it there`);
    expect(await refusal(folder, join(folder, validationName))).toBe(
      `DATA: DATA/${validationName} holds validation images alone; expected the folder that has ${trainName} too`,
    );
  });

  it.each([
    [
      'which is no archive',
      Buffer.from('a page that says to sign in'),
      /\(incorrect header check\)|damaged|too soon/,
    ],
    ['which is cut short', null, /unexpected end of file/],
    ['without meta.mat', 'empty', /has no data\/meta\.mat/],
    ['with another meta.mat', 'other', /damaged data\/meta\.mat \(it is no MATLAB file of level 5\)/],
    ['without a class', 'classless', /has no classes in data\/meta\.mat/],
  ])('with a kit %s', async (_, what, message) => {
    const { folder } = await made({ classes: 1, trainPerClass: 1, validation: 1 });
    const kit = join(folder, devkitName);
    const whole = await readFile(kit);
    const contents = async (): Promise<Buffer> => {
      if (what === null) return whole.subarray(0, whole.length - 300);
      if (what === 'empty') return await tarOf([{ name: 'readme.txt', bytes: '' }]);
      if (what === 'other') return await devkitOf(Buffer.from('nothing'), [1]);
      if (what === 'classless')
        return await devkitOf(metaMat([{ id: 1, wnid: 'n1', words: 'all', children: [2] }]), [1]);
      return what as Buffer;
    };
    await writeFile(kit, await contents());
    const line = await refusal(folder);
    expect(line).toMatch(message);
    expect(line).toMatch(/^DATA: DATA\/.*; expected ILSVRC2012_devkit_t12\.tar\.gz as downloaded$/);
  });

  it('with something else under their name', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, trainName), 'a page that says to sign in'.padEnd(2000));
    expect(await refusal(folder)).toBe(
      `DATA: DATA/${trainName}: the archive is damaged at byte 0; expected an archive of archives, one a class (n01440764.tar …)`,
    );
  });

  it("as the classes' archives one by one", async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, [await classTar('n00000001', ['n00000001_1.JPEG'])]);
    expect(await refusal(folder)).toBe(
      `DATA: DATA holds the archives out of ${trainName}; expected that file itself`,
    );
  });
});

describe("ILSVRC-2012's own thousand classes", () => {
  const ids = sharedFile('ilsvrc2012/ilsvrc2012_ids.txt');
  const lines = async (name: string): Promise<string[]> =>
    (await readFile(sharedFile(`ilsvrc2012/${name}`).path, 'utf8')).trim().split('\n');

  it.skipIf(ids.missing)(`have their labels, names and ground truth${ids.why}`, async () => {
    const byId = (await lines('ilsvrc2012_ids.txt')).map((line) => line.split(/\s+/));
    const byLabel = (await lines('synset_words.txt')).map(
      (line) => [line.slice(0, 9), line.slice(10)] as const,
    );
    const words = new Map(byLabel);
    const truth = (await lines('ILSVRC2012_validation_ground_truth.txt')).map(Number);
    const synsets = byId.map(([wnid = '', id]) => ({ id: Number(id), wnid, words: words.get(wnid) ?? '' }));
    const above = { id: 1001, wnid: 'n00001740', words: 'entity', children: [1, 2, 3] };
    const folder = await temporaryFolder();
    const kit = join(folder, devkitName);
    await writeFile(kit, await devkitOf(metaMat([...synsets, above]), truth));
    const { classes, validation } = await readDevkit(kit);
    expect(classes).toEqual(byLabel.map(([wnid, name]) => ({ wnid, name })));
    const wnidOfId = new Map(byId.map(([wnid, id]) => [Number(id), wnid]));
    expect(validation).toHaveLength(50_000);
    expect(validation.map((label) => byLabel[label ?? -1]?.[0])).toEqual(truth.map((id) => wnidOfId.get(id)));
    // Fifty images of each class; the first one is a sea snake.
    expect(validation.filter((label) => label === 0)).toHaveLength(50);
    expect(classes[validation[0] ?? -1]?.name).toBe('sea snake');
  });
});
