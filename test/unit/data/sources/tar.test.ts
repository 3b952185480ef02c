import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { openFile } from '../../../../lib/data/sources/archive-file.js';
import { tarEntries, type ReadAt, type TarDamage, type TarEntry } from '../../../../lib/data/sources/tar.js';
import { temporaryFolder } from '../fixtures.js';
import { tarOf, type NamedFile } from './miniatures.js';
import { needs } from '../../../needs.js';

const inMemory =
  (bytes: Buffer): ReadAt =>
  async (offset, length) =>
    await Promise.resolve(Buffer.from(bytes.subarray(offset, offset + length)));

async function entriesOf(archive: Buffer, start = 0): Promise<(TarEntry | TarDamage)[]> {
  const entries: (TarEntry | TarDamage)[] = [];
  for await (const entry of tarEntries(inMemory(archive), start, archive.length)) entries.push(entry);
  return entries;
}

/** Names and contents of the files. */
async function filesIn(archive: Buffer): Promise<(readonly [string, string])[]> {
  return (await entriesOf(archive)).map((entry) => {
    if ('reason' in entry) return ['', entry.reason];
    return [entry.name, archive.toString('latin1', entry.data, entry.data + entry.size)];
  });
}

const letters = fc.constantFrom('a', 'é', '漢', '/', ' ', '.', 'z'.repeat(60));
const file = fc.record({
  name: fc.array(letters, { minLength: 1, maxLength: 8 }).map((parts) => `f${parts.join('')}g`),
  bytes: fc.uint8Array({ maxLength: 1500 }),
});
const files = fc.array(file, { maxLength: 5 });

/** A header as the first tars wrote it; `magic` and `size` as they come. */
function header(name: string, type: string, size: string | Buffer, magic = ''): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write(name);
  bytes.write('0000644\0', 100);
  Buffer.from(size).copy(bytes, 124);
  bytes.write(type, 156);
  bytes.write(magic, 257, 'latin1');
  bytes.fill(' ', 148, 156);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

const octal = (size: number): string => `${size.toString(8).padStart(11, '0')}\0`;
const padded = (text: string): Buffer =>
  Buffer.alloc(Math.ceil(text.length / 512) * 512).fill(text, 0, text.length);
const endMark = Buffer.alloc(1024);

describe("an archive's entries", () => {
  it('are those another reader finds', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (given) => {
        const archive = await tarOf(given);
        const others: [string, string][] = [];
        for await (const entry of Readable.from([archive]).pipe(extract())) {
          const chunks: Buffer[] = [];
          for await (const chunk of entry) chunks.push(chunk as Buffer);
          others.push([entry.header.name, Buffer.concat(chunks).toString('latin1')]);
        }
        expect(others).toHaveLength(given.length);
        expect(await filesIn(archive)).toEqual(others);
      }),
    );
  });

  it("can be read from any one's header on", async () => {
    await fc.assert(
      fc.asyncProperty(files, async (given) => {
        const archive = await tarOf(given);
        const all = await entriesOf(archive);
        for (const [n, entry] of all.entries()) {
          if ('reason' in entry) throw new Error(entry.reason);
          expect(await entriesOf(archive, entry.header)).toEqual(all.slice(n));
          expect(await entriesOf(archive, entry.after)).toEqual(all.slice(n + 1));
        }
      }),
    );
  });

  it('of an archive cut short are those that are whole, and then the lack of the rest', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.nat(), async (given, at) => {
        const archive = await tarOf(given);
        const all = await entriesOf(archive);
        const last = all.at(-1);
        const end = last && 'after' in last ? last.after : 0;
        // The end mark's second half tells nothing more.
        const length = at % (end + 512);
        const found = await entriesOf(archive.subarray(0, length));
        expect(found.at(-1)).toEqual({ reason: `the archive ends too soon, at byte ${length}` });
        const whole = found.filter((entry) => 'whole' in entry && entry.whole);
        expect(whole).toEqual(all.filter((entry) => 'after' in entry && entry.data + entry.size <= length));
      }),
    );
  });

  it('may have long names and sizes as GNU tar writes them', async () => {
    const name = 'n01440764/'.repeat(30);
    const archive = Buffer.concat([
      header('././@LongLink', 'L', octal(name.length + 1), 'ustar  \0'),
      padded(`${name}\0`),
      header(name.slice(0, 100), '0', Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]), 'ustar  \0'),
      padded('abc'),
      header('big', '0', Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0]), 'ustar  \0'),
    ]);
    const [long, big, end] = await entriesOf(archive);
    expect(long).toMatchObject({ name: name, kind: 'folder', header: 0, size: 3, whole: true });
    expect(big).toMatchObject({ name: 'big', size: 2 ** 37, whole: false });
    expect(end).toEqual({ reason: `the archive ends too soon, at byte ${archive.length}` });
  });

  it('may be as old as tar, and folders, links and devices are told from files', async () => {
    const kinds = ['\0', '0', '7', '5', '1', '2', '3', '6'];
    const archive = Buffer.concat([...kinds.map((type) => header('x', type, octal(0))), endMark]);
    const found = (await entriesOf(archive)).map((entry) => ('kind' in entry ? entry.kind : entry.reason));
    expect(found).toEqual(kinds.map((_, n) => (n < 3 ? 'file' : n === 3 ? 'folder' : 'other')));
  });

  const tar = spawnSync('tar', ['--version']).error === undefined;
  it.runIf(tar)(`are those that tar packed, in any format${needs(tar, 'tar')}`, async () => {
    const folder = await temporaryFolder();
    const names = ['a.jpg', `${'d'.repeat(90)}/${'e'.repeat(60)}.jpg`, 'é 漢.jpg'];
    const given = names.map((name) => [name, randomBytes(700).toString('latin1')] as const);
    for (const [name, text] of given) {
      await mkdir(join(folder, 'in', name, '..'), { recursive: true });
      await writeFile(join(folder, 'in', name), text, 'latin1');
    }
    for (const format of ['ustar', 'pax', 'gnu']) {
      const path = join(folder, `${format}.tar`);
      const flags = ['--format', format, '-cf', path, '-C', join(folder, 'in'), ...names];
      // Some tars know fewer formats.
      if (spawnSync('tar', flags).status !== 0) continue;
      expect(await filesIn(await readFile(path))).toEqual(given);
      expect(execFileSync('tar', ['-tf', path]).toString().trim().split('\n')).toHaveLength(3);
    }
  });
});

describe('a damaged archive', () => {
  const three: NamedFile[] = ['a', 'b', 'c'].map((name) => ({ name, bytes: name.repeat(600) }));

  it('is read up to the damage', async () => {
    const archive = await tarOf(three);
    archive[1536 + 3] = 7;
    expect(await filesIn(archive)).toEqual([
      ['a', 'a'.repeat(600)],
      ['', 'the archive is damaged at byte 1536'],
    ]);
  });

  it('is never read for ever, nor into an error, whatever its bytes', async () => {
    const archive = await tarOf(three);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(511), fc.nat(255)), { maxLength: 4 }), async (changes) => {
        const bytes = Buffer.from(archive);
        for (const [at, value] of changes) bytes[at] = value;
        const sum =
          256 + bytes.reduce((all, byte, at) => (at < 148 || (at > 155 && at < 512) ? all + byte : all), 0);
        bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
        const found = await entriesOf(bytes);
        expect(found.length).toBeLessThanOrEqual(4);
      }),
    );
  });

  it('may be no archive at all', async () => {
    expect(await entriesOf(Buffer.alloc(0))).toEqual([{ reason: 'the archive ends too soon, at byte 0' }]);
    expect(await entriesOf(Buffer.alloc(5000, 'x'))).toEqual([
      { reason: 'the archive is damaged at byte 0' },
    ]);
  });
});

describe('a file read ahead', () => {
  it('gives the same bytes as one read here and there', async () => {
    const path = join(await temporaryFolder(), 'blocks');
    const content = randomBytes(9_500_000);
    await writeFile(path, content);
    await using file = await openFile(path);
    expect(file.size).toBe(content.length);
    const places = Array.from({ length: 40 }, () => Math.floor(Math.random() * 10_000_000));
    for (const [n, offset] of [
      ...places.slice(20),
      ...places.slice(0, 20).toSorted((a, b) => a - b),
    ].entries()) {
      const length = n % 3 === 0 ? 5_000_000 : 1 + n * 100;
      const bytes = await file.ahead(offset, length);
      expect(bytes.equals(content.subarray(offset, offset + length))).toBe(true);
      expect(bytes.equals(await file.seek(offset, length))).toBe(true);
    }
  });

  it('is memory of its own, however it is used', async () => {
    const path = join(await temporaryFolder(), 'blocks');
    await writeFile(path, 'abcdef');
    await using file = await openFile(path);
    (await file.ahead(0, 6)).fill(0);
    expect((await file.ahead(0, 6)).toString()).toBe('abcdef');
  });
});
