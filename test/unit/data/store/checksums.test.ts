import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyRecords } from '../../../../lib/data/inspect/verify.js';
import { prepareStore } from '../../../../lib/data/store/prepare.js';
import { openStore } from '../../../../lib/data/store/reader.js';
import { temporaryFolder } from '../fixtures.js';
import { pixelsAt, synthetic } from './synthetic.js';

const items = 40;
let parent: string;
let whole: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'data-'));
  whole = join(parent, 'store');
  await prepareStore(synthetic({ items, training: 30 }), { out: whole });
});
afterAll(async () => await rm(parent, { recursive: true, force: true }));

/** A copy of the store, its data.mdb changed. */
async function changed(change: (bytes: Buffer) => void): Promise<string> {
  const copy = join(await temporaryFolder(), 'store');
  await cp(whole, copy, { recursive: true });
  const bytes = await readFile(join(copy, 'data.mdb'));
  const before = Buffer.from(bytes);
  change(bytes);
  expect(bytes.equals(before)).toBe(false);
  await writeFile(join(copy, 'data.mdb'), bytes);
  return copy;
}

const openedLine = async (path: string): Promise<string> =>
  await openStore(path).then(
    async (store) => {
      await store[Symbol.asyncDispose]();
      return 'opened';
    },
    (error: Error) => error.message.replaceAll(path, 'STORE'),
  );

/** Every place of it, as a transaction leaves older pages behind; the last character becomes another digit or letter. */
const flipped =
  (text: RegExp) =>
  (bytes: Buffer): void => {
    for (const { index, 0: found } of bytes.toString('latin1').matchAll(text)) {
      const at = index + found.length - 1;
      bytes[at] = (bytes[at] as number) ^ 1;
    }
  };

describe('what a store says of itself is covered by checksums', () => {
  it.each([
    ['image size', /"record":\{"size":8/g],
    ['fit', /"fit":"c/g],
    ['record format', /"encoding":\{"kind":"r/g],
    ['source', /"path":"synthetic/g],
    ['source', /"fingerprint":"4/g],
    ['class names', /\{"name":"digit 3/g],
    ['image count', /"train":3/g],
    ['image count', /"validation":10/g],
    ['image count', /"skipped":0/g],
    ['mean image', /"meanChecksum":\d/g],
    ['labels', /"labelsChecksum":\d/g],
    ['mean colour', /"meanColour":\[\d\d/g],
    ['mean colour', /"meanColour":\[\d+\.\d/g],
    ['covariance', /"covariance":\[\[\d/g],
    ['axes', /"axes":\[\[-?0\.\d/g],
    ['deviations', /"deviations":\[\d/g],
    ['digest', /"digest":"[0-9a-f]/g],
    ['mean colour', /"meanColou/g],
    ['description', /"complete":\d/g],
  ])('%s: %s', async (what, text) => {
    const path = await changed(flipped(text));
    const verb = what.endsWith('s') ? 'are' : 'is';
    expect(await openedLine(path)).toBe(
      `STORE is damaged: its ${what} ${verb} not what was written; remove it and prepare it again`,
    );
  });

  it.each([
    ['mean image', async (): Promise<Uint8Array> => await copyOf((store) => store.meanImage)],
    ['labels', async (): Promise<Uint8Array> => await copyOf((store) => store.labels)],
  ])('the %s itself', async (what, find) => {
    const bytes = await find();
    const path = await changed((file) => {
      const at = file.indexOf(bytes);
      expect(at).toBeGreaterThan(0);
      file[at + 5] = (file[at + 5] as number) ^ 1;
    });
    expect(await openedLine(path)).toMatch(new RegExp(`^STORE is damaged: its ${what} (is|are) not`));
  });

  async function copyOf(
    part: (store: Awaited<ReturnType<typeof openStore>>) => Float32Array | Int32Array,
  ): Promise<Uint8Array> {
    await using store = await openStore(whole);
    const { buffer, byteOffset, byteLength } = part(store);
    return Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength));
  }
});

describe('verifying', () => {
  const verified = async (path: string) => {
    await using store = await openStore(path);
    return await verifyRecords(store);
  };
  /** Bytes before an entry's name: label, checksum, length, part. */
  const header = 13;

  it('finds nothing in a store that is as it was written', async () => {
    expect(await verified(whole)).toEqual({ checked: items, damaged: [], changed: [], described: true });
  });

  it.each([
    ['a label', -header, { damaged: [], changed: ['the label of image 17'] }],
    ['a part', -1, { damaged: [], changed: ['the names, parts or checksums of images'] }],
    ['a name', 0, { damaged: [], changed: ['the names, parts or checksums of images'] }],
    ['a checksum', 4 - header, { damaged: [17], changed: ['the names, parts or checksums of images'] }],
  ])('finds %s in the entries', async (_, offset, found) => {
    const path = await changed((file) => {
      const at = file.lastIndexOf('item 17') + offset;
      file[at] = (file[at] as number) ^ 1;
    });
    expect(await verified(path)).toMatchObject(found);
  });

  it('finds a record', async () => {
    const path = await changed((file) => {
      const at = file.indexOf(pixelsAt(17, 8));
      file[at + 9] = (file[at + 9] as number) ^ 1;
    });
    expect(await verified(path)).toMatchObject({ damaged: [17], changed: [] });
  });

  it('says that a store of an earlier program has no checksums of it', async () => {
    const copy = join(await temporaryFolder(), 'store');
    await cp(whole, copy, { recursive: true });
    const root = open({ path: copy, maxDbs: 8, noSubdir: false, encoding: 'binary' });
    const about = root.openDB('about', { encoding: 'binary' });
    await about.remove('checksums');
    await root.close();
    expect(await verified(copy)).toEqual({ checked: items, damaged: [], changed: [], described: false });
  });
});
