import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { demoClasses, demoSvg, drawDemoSet } from '../../../lib/data/demo/demo.js';
import { listImages, temporaryFolder } from './fixtures.js';

const small = { training: 2, validation: 1, seed: [2012, 0] as const };

describe('the demo set', () => {
  it('is ten class folders of JPEG images of many sizes, in train and val', async () => {
    const folder = join(await temporaryFolder(), 'demo');
    const reports: string[] = [];
    await drawDemoSet(folder, { ...small, onProgress: (done, total) => reports.push(`${done}/${total}`) });
    const { classes, train, validation } = await listImages(folder);
    expect(classes).toEqual(demoClasses);
    expect(classes).toHaveLength(10);
    expect(train).toHaveLength(20);
    expect(validation).toHaveLength(10);
    expect(reports.at(-1)).toBe('30/30');
    const sizes = new Set<string>();
    for (const { file } of train) {
      const { format, width, height } = await sharp(file).metadata();
      expect(format).toBe('jpeg');
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(200);
      expect(Math.max(width, height)).toBeLessThanOrEqual(400);
      sizes.add(`${width}×${height}`);
    }
    expect(sizes.size).toBeGreaterThan(15);
  });

  it('is the same from the same seed, another from another', async () => {
    const [a, b] = [join(await temporaryFolder(), 'a'), join(await temporaryFolder(), 'b')];
    await drawDemoSet(a, { ...small, training: 1 });
    await drawDemoSet(b, { ...small, training: 1 });
    const bytes = async (folder: string) =>
      await Promise.all(
        (await listImages(folder)).train.map(async ({ file }) => await readFile(file, 'hex')),
      );
    expect(await bytes(a)).toEqual(await bytes(b));
    expect(demoSvg('star', [1, 0], 0)).not.toEqual(demoSvg('star', [2, 0], 0));
    expect(demoSvg('star', [1, 0], 0)).not.toEqual(demoSvg('star', [1, 0], 1));
  });

  it('is drawn once; broken off, it leaves nothing', async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, 'demo');
    const controller = new AbortController();
    const broken = drawDemoSet(folder, {
      ...small,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(broken).rejects.toThrow('enough');
    expect(await readdir(parent)).toEqual([]);
    // Two processes may start with the same idea.
    await Promise.all([drawDemoSet(folder, small), drawDemoSet(folder, small)]);
    await drawDemoSet(folder, { ...small, onProgress: () => expect.unreachable() });
    expect(await readdir(parent)).toEqual(['demo']);
  });
});
