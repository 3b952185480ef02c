/** What is in a store, as users ask. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastJson, program, type Ran } from './program.js';
import { photographs } from './photographs.js';

let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);
const run = async (...args: string[]): Promise<Ran> => await program(['inspect', ...args], { cwd: folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-cli-'));
  await photographs(at('photos'), 6);
  await program(['prepare', 'photos', '--out', 'store', '--size', '72', '--raw'], { cwd: folder });
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

describe('inspect', () => {
  it('tells what is in a store, and --json the same', async () => {
    const people = await run('store', '--verify');
    expect(people).toMatchObject({ code: 0, stderr: '' });
    expect(people.stdout).toMatch(
      /^store\n {2}records +72 × 72 pixels, cropped, raw\n {2}training +12 images\n/,
    );
    expect(people.stdout).toMatch(
      /^ {2}verified +every record, and all that is said of them, is as it was written$/m,
    );
    const machine = lastJson(await run('store', '--verify', '--json')) as Record<string, unknown>;
    expect(machine).toMatchObject({
      store: 'store',
      images: { train: 12, validation: 0 },
      damaged: [],
      changed: [],
      described: true,
    });
    expect(people.stdout).toContain(machine['digest'] as string);
  });

  it('draws sheets: of records, and of what a network sees', async () => {
    expect(await run('store', '--sheet', 'sheet.png')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('store', '--sheet', 'seen.png', '--augmented', '--count', '2')).toMatchObject({
      code: 0,
      stderr: '',
    });
    const [sheet, seen] = [await sharp(at('sheet.png')).metadata(), await sharp(at('seen.png')).metadata()];
    expect([sheet.format, seen.format]).toEqual(['png', 'png']);
    // 12 records in 4 columns of 3; a record and six views in each of 2 rows.
    expect(sheet.width).toBeLessThan(seen.width as number);
    const other = await run('store', '--sheet', 'other.png', '--seed', '9', '--count', '4');
    const same = await run('store', '--sheet', 'same.png', '--seed', '9', '--count', '4');
    expect([other.code, same.code]).toEqual([0, 0]);
    expect((await readFile(at('other.png'))).equals(await readFile(at('same.png')))).toBe(true);
  });

  it('names damaged records and fails', async () => {
    await program(['prepare', 'photos', '--out', 'bad', '--size', '72', '--raw'], { cwd: folder });
    const bytes = await readFile(at('bad', 'data.mdb'));
    const { openStore } = await import('../../lib/data/store/reader.js');
    let record: Buffer;
    {
      await using store = await openStore(at('bad'));
      record = Buffer.from(store.record(4));
    }
    const there = bytes.indexOf(record);
    expect(there).toBeGreaterThan(0);
    bytes[there + 7] = (bytes[there + 7] as number) ^ 4;
    await writeFile(at('bad', 'data.mdb'), bytes);
    const ran = await run('bad', '--verify');
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^ {2}verified +1 record damaged$/m);
    expect(ran.stdout).toMatch(/^ {4}damaged: image 4, .*4\.jpg$/m);
  });

  it('names what is said of the records and is not as it was written', async () => {
    await program(['prepare', 'photos', '--out', 'said', '--size', '72', '--raw'], { cwd: folder });
    const whole = await readFile(at('said', 'data.mdb'));
    const colour = Buffer.from(whole);
    const digit = colour.indexOf('"meanColour":[') + '"meanColour":['.length;
    colour[digit] = colour[digit] === 0x39 ? 0x38 : 0x39;
    await writeFile(at('said', 'data.mdb'), colour);
    const said = await run('said', '--verify');
    expect(said).toMatchObject({ code: 1, stdout: '' });
    expect(said.stderr).toBe(
      'alexnet-native: said is damaged: its mean colour is not what was written; remove it and prepare it again\n',
    );
    const name = Buffer.from(whole);
    name.write('d', name.indexOf('bright/4.jpg'));
    await writeFile(at('said', 'data.mdb'), name);
    const named = await run('said', '--verify', '--json');
    expect(named.code).toBe(1);
    expect(lastJson(named)).toMatchObject({
      damaged: [],
      changed: ['the names, parts or checksums of images'],
    });
  });

  it.each<[string, string[], string, number]>([
    [
      'no store',
      ['photos'],
      'photos is not a store; make one: alexnet-native prepare SOURCE --out photos',
      1,
    ],
    [
      'options of a sheet without one',
      ['store', '--seed', '2'],
      '--seed is about a sheet; add --sheet FILE.png',
      2,
    ],
    [
      'a preset without views',
      ['store', '--sheet', 'a.png', '--preset', 'mini'],
      '--preset is about training views; add --augmented',
      2,
    ],
    [
      'too many',
      ['store', '--sheet', 'a.png', '--count', '1001'],
      'expected at most 1000 for --count, received 1001',
      2,
    ],
  ])('%s gives one line', async (_, args, message, code) => {
    const ran = await run(...args);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr.split('\n')[0]).toBe(`alexnet-native: ${message}`);
  });

  it('a preset of another size is told what to prepare', async () => {
    const ran = await run('store', '--sheet', 'a.png', '--augmented', '--preset', 'paper');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('alexnet-native prepare photos --size 256 --fit crop --out store-256');
  });
});
