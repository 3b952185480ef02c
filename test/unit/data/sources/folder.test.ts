import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSource } from '../../../../lib/data/sources/source.js';
import { fill, temporaryFolder } from '../fixtures.js';
import { jpeg, miniatureFolder } from './miniatures.js';
import { bytesOf, expectKept, imagesAmong, itemsOf, labelsIn, lineOf, refusedAmong } from './reading.js';
import { needs } from '../../../needs.js';

const windows = process.platform === 'win32';
const linux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;

describe('a folder of images', () => {
  it.each([0, 2])('is read class by class, %i images a class held out', async (validationPerClass) => {
    const folder = await temporaryFolder();
    const sizes = { classes: 3, trainPerClass: 4, validationPerClass };
    const { classes, train, validation } = await miniatureFolder(folder, sizes);
    await using source = await openSource(folder);
    expect(source).toMatchObject({ kind: 'folder', path: folder, images: train.length + validation.length });
    expect(source.classes).toEqual(classes.map((name) => ({ name })));
    const items = await expectKept(source);
    expect(labelsIn(items, 'train')).toEqual(train);
    expect(labelsIn(items, 'validation')).toEqual(validation);
    expect(items.at(-1)?.bytesRead).toBe(source.bytes);
    const [, second] = imagesAmong(items);
    expect(second && (await bytesOf(second)).equals(await jpeg(1))).toBe(true);
  });

  it('has names in any script', async () => {
    const folder = await temporaryFolder();
    const names = ['日本語/写真 1.jpg', 'Ёж/ё.jpg', "it's/a 'b\".jpg", 'new\nline/x\ty.jpg', '🐈/🐕.jpg'];
    await fill(folder, names);
    await using source = await openSource(folder);
    const items = await expectKept(source);
    expect(items.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    for (const image of imagesAmong(items)) expect((await bytesOf(image)).toString()).toBe('x');
  });

  it('has another fingerprint after any change, and the same one without, wherever it lies', async () => {
    const parent = await temporaryFolder();
    let folder = join(parent, 'here');
    await fill(folder, ['a/1.jpg', 'a/2.jpg', 'b/1.jpg']);
    const fingerprint = async (): Promise<string> => (await openSource(folder)).fingerprint;
    const seen = [await fingerprint()];
    await rename(folder, join(parent, 'there'));
    folder = join(parent, 'there');
    expect(await fingerprint()).toBe(seen[0]);
    await utimes(join(folder, 'a/1.jpg'), new Date(), new Date(1e12));
    seen.push(await fingerprint());
    await writeFile(join(folder, 'a/1.jpg'), 'xy');
    await utimes(join(folder, 'a/1.jpg'), new Date(), new Date(1e12));
    seen.push(await fingerprint());
    await rename(join(folder, 'a/2.jpg'), join(folder, 'b/2.jpg'));
    seen.push(await fingerprint());
    await rename(join(folder, 'a'), join(folder, 'c'));
    seen.push(await fingerprint());
    expect(new Set(seen).size).toBe(5);
  });
});

describe('of a folder, what is no image file is refused and all else read', () => {
  it('links out of it with links: false, to nowhere and in a ring', async () => {
    const outside = await temporaryFolder();
    await fill(outside, ['secret/1.jpg']);
    const folder = await temporaryFolder();
    await fill(folder, ['a/1.jpg', 'b/deep/2.jpg', 'b/.hidden.jpg']);
    await symlink(join(outside, 'secret'), join(folder, 'c'));
    await symlink(join(outside, 'secret', '1.jpg'), join(folder, 'a', 'out.jpg'));
    await symlink(join(folder, 'b', 'deep', '2.jpg'), join(folder, 'a', 'in.jpg'));
    await symlink(join(folder, 'nowhere'), join(folder, 'a', 'broken.jpg'));
    await symlink(join(folder, 'b'), join(folder, 'b', 'deep', 'ring'));
    await symlink(folder, join(folder, 'b', 'root'));
    await using source = await openSource(folder, { links: false });
    const items = await expectKept(source);
    expect(labelsIn(items, 'train')).toEqual([
      { name: 'a/1.jpg', label: 0 },
      { name: 'a/in.jpg', label: 0 },
      { name: 'b/deep/2.jpg', label: 1 },
    ]);
    const refused = refusedAmong(items).map((line) => line.replaceAll(folder, 'DATA'));
    expect(refused).toEqual([
      'c: the link leads out of DATA',
      'a/broken.jpg: the link leads nowhere',
      'a/out.jpg: the link leads out of DATA',
      'b/deep/ring: the link leads to a folder that it lies in',
      'b/root: the link leads to a folder that it lies in',
    ]);
  });

  it.skipIf(windows)(`sockets and pipes${needs(!windows, 'a system that has them')}`, async () => {
    const folder = await temporaryFolder();
    await fill(folder, ['a/1.jpg', 'b/1.jpg']);
    execFileSync('mkfifo', [join(folder, 'a', 'pipe.jpg')]);
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(join(folder, 'b', 'socket'), resolve));
    onTestFinished(() => void server.close());
    await symlink(join(folder, 'a', 'pipe.jpg'), join(folder, 'b', 'to-pipe.jpg'));
    await using source = await openSource(folder);
    const items = await expectKept(source);
    expect(labelsIn(items, 'train')).toHaveLength(2);
    expect(refusedAmong(items)).toEqual([
      'a/pipe.jpg: it is not a file',
      'b/socket: it is not a file',
      'b/to-pipe.jpg: it is not a file',
    ]);
  });

  it.runIf(linux)(`names that are not UTF-8${needs(linux, 'Linux')}`, async () => {
    const folder = await temporaryFolder();
    await fill(folder, ['a/1.jpg', 'b/1.jpg']);
    const named = (inner: string, bytes: readonly number[]): Buffer =>
      Buffer.concat([Buffer.from(join(folder, inner)), Buffer.from(bytes)]);
    await writeFile(named('a/x', [0xff, 0x2e, 0x6a]), 'x');
    await mkdir(named('c', [0xe9]));
    await using source = await openSource(folder);
    const items = await expectKept(source);
    expect(labelsIn(items, 'train')).toHaveLength(2);
    expect(refusedAmong(items)).toEqual([
      'c\\xe9: its name is not UTF-8',
      'a/x\\xff.j: its name is not UTF-8',
    ]);
  });

  it.skipIf(isRoot)(`folders without permission${needs(!isRoot, 'a user other than root')}`, async () => {
    const folder = await temporaryFolder();
    await fill(folder, ['a/1.jpg', 'a/closed/2.jpg', 'b/1.jpg']);
    await chmod(join(folder, 'a/closed'), 0);
    onTestFinished(async () => await chmod(join(folder, 'a/closed'), 0o700));
    await using source = await openSource(folder);
    expect(refusedAmong(await itemsOf(source))).toEqual(['a/closed: the folder cannot be read']);
  });

  it('a file that has gone since is left to whoever decodes it', async () => {
    const folder = await temporaryFolder();
    await fill(folder, ['a/1.jpg', 'b/1.jpg']);
    await using source = await openSource(folder);
    await rm(join(folder, 'a/1.jpg'));
    expect(imagesAmong(await itemsOf(source))).toHaveLength(2);
  });
});

describe('what cannot be a source is refused', () => {
  it('a train/ or val/ that lies elsewhere, with links: false', async () => {
    const outside = await temporaryFolder();
    await fill(outside, ['a/1.jpg', 'b/1.jpg']);
    for (const name of ['train', 'val']) {
      const folder = await temporaryFolder();
      await fill(folder, ['train/a/1.jpg', 'train/b/1.jpg']);
      await rm(join(folder, name), { recursive: true, force: true });
      await symlink(outside, join(folder, name));
      const opened = openSource(folder, { links: false });
      expect(await lineOf(opened, folder)).toBe(`DATA: DATA/${name}: the link leads out of DATA`);
    }
  });

  it.each([
    ['what is not there', 'absent', 'DATA: DATA/absent does not exist'],
    [
      'a file of another kind',
      'a.jpg',
      'DATA: DATA/a.jpg is a file; expected a folder of class folders, of the ILSVRC-2012 archives, of WebDataset shards (.tar) ' +
        'or of CIFAR batches (.bin), or one such archive',
    ],
    [
      'a folder of no folders',
      '',
      'DATA: DATA has no class folders; expected one folder of images for each class',
    ],
  ])('%s', async (_, name, message) => {
    const folder = await temporaryFolder();
    await fill(folder, ['a.jpg', 'b.jpg']);
    expect(await lineOf(openSource(join(folder, name)), folder)).toBe(message);
  });
});
