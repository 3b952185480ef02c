import { mkdir, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill, listImages, temporaryFolder } from './fixtures.js';

async function listed(files: readonly string[]) {
  const folder = await temporaryFolder();
  await fill(folder, files);
  const { classes, train, validation } = await listImages(folder);
  const inside = (images: typeof train) => images.map(({ file, label }) => [relative(folder, file), label]);
  return { classes, train: inside(train), validation: validation && inside(validation) };
}

describe('a folder of images', () => {
  it('of class folders is one set, classes and files in byte order', async () => {
    expect(
      await listed(['dog/b.jpg', 'dog/B.jpg', 'cat/10.jpg', 'cat/9.jpg', 'Émile/a.jpg', 'Zoë/a.jpg']),
    ).toEqual({
      classes: ['Zoë', 'cat', 'dog', 'Émile'],
      train: [
        ['Zoë/a.jpg', 0],
        ['cat/10.jpg', 1],
        ['cat/9.jpg', 1],
        ['dog/B.jpg', 2],
        ['dog/b.jpg', 2],
        ['Émile/a.jpg', 3],
      ],
      validation: undefined,
    });
  });

  it.each(['val', 'validation', 'test'])('with train/ and %s/ is two', async (held) => {
    expect(await listed(['train/a/1', 'train/b/2', `${held}/a/3`, `${held}/b/4`])).toEqual({
      classes: ['a', 'b'],
      train: [
        ['train/a/1', 0],
        ['train/b/2', 1],
      ],
      validation: [
        [`${held}/a/3`, 0],
        [`${held}/b/4`, 1],
      ],
    });
  });

  it('is searched below the class folders, leaving out what is hidden', async () => {
    const { classes, train } = await listed([
      'a/deep/er/1.jpg',
      'a/.DS_Store',
      '.cache/1.jpg',
      'b/2.jpg',
      'b/.hidden/3.jpg',
      'README',
    ]);
    expect(classes).toEqual(['a', 'b']);
    expect(train.map(([file]) => file)).toEqual(['a/deep/er/1.jpg', 'b/2.jpg']);
  });

  it('may itself be reached by a link', async () => {
    const folder = await temporaryFolder();
    await fill(folder, ['real/a/1.jpg', 'real/b/1.jpg']);
    await symlink(join(folder, 'real'), join(folder, 'link'));
    expect((await listImages(join(folder, 'link'))).train).toHaveLength(2);
  });
});

describe('a folder that cannot be used is refused', () => {
  const refusal = async (files: readonly string[], folders: readonly string[] = [], inside = '') => {
    const folder = await temporaryFolder();
    await fill(folder, files);
    for (const name of folders) await mkdir(join(folder, name), { recursive: true });
    return await listImages(join(folder, inside)).then(
      () => 'accepted',
      (error: Error & { code: string }) => `${error.code}: ${error.message.replaceAll(folder, 'DATA')}`,
    );
  };

  it.each([
    ['missing', [], [], 'absent', 'DATA: DATA/absent does not exist'],
    ['a file', ['a.jpg'], [], 'a.jpg', 'DATA: DATA/a.jpg is a file; expected a folder of class folders'],
    [
      'without class folders',
      ['a.jpg', 'b.jpg'],
      [],
      '',
      'DATA: DATA has no class folders; expected one folder of images for each class',
    ],
    ['without images', [], ['a', 'b'], '', 'DATA: DATA has class folders but no images in them'],
    [
      'with an empty class',
      ['a/1', 'b/1'],
      ['c'],
      '',
      'DATA: DATA: no images in class folder c; remove it, fill it, or add --allow-empty-classes',
    ],
    [
      'with a class that val lacks',
      ['train/a/1', 'train/b/1', 'train/c/1', 'val/a/1'],
      [],
      '',
      'DATA: DATA/val lacks classes that train has: b, c; add them, or --allow-empty-classes',
    ],
    [
      'with many classes that train lacks',
      ['train/a/1', ...'abcdef'.split('').map((name) => `val/${name}/1`)],
      [],
      '',
      'DATA: DATA/val has classes that train lacks: b, c, d and 2 more',
    ],
    [
      'with an empty train',
      ['val/a/1'],
      ['train'],
      '',
      'DATA: DATA/train has no class folders; expected one folder of images for each class',
    ],
  ])('%s', async (_, files, folders, inside, message) => {
    expect(await refusal(files, folders, inside)).toBe(message);
  });
});
