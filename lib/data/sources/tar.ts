/** Tar archives, read in place: headers by seeking, contents where they are wanted. */

const block = 512;

/** Bytes at an offset, in memory of their own; fewer where the archive ends. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer<ArrayBuffer>>;

export interface TarEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
  /** Offset of the entry's first header: where reading can begin again. */
  readonly header: number;
  /** Offset of its content. */
  readonly data: number;
  /** Bytes of its content, as the header says. */
  readonly size: number;
  /** Offset of what follows it. */
  readonly after: number;
  /** Whether all of its content is there. */
  readonly whole: boolean;
}

/** Where the archive cannot be read any further, and why. */
export interface TarDamage {
  readonly reason: string;
}

/** An archive may claim any length for a name; it is read into memory. */
const longestName = 2 ** 20;

interface TarHeader {
  readonly name: string;
  readonly type: string;
  readonly size: number;
}

/** What headers before an entry's own say of it. */
interface Extended {
  readonly name?: string;
  readonly size?: number;
}

/**
 * The entries of the archive in bytes `start` to `end`, `start` being the first one's `header`. Knows ustar, GNU (long names,
 * large sizes) and pax. Where the archive is damaged or ends without its end mark, the last thing said is that.
 */
export async function* tarEntries(
  read: ReadAt,
  start: number,
  end: number,
): AsyncGenerator<TarEntry | TarDamage> {
  let extended: Extended = {};
  let first = start;
  for (let offset = start; ;) {
    const bytes = offset + block > end ? null : await read(offset, block);
    if (bytes?.length !== block) return yield { reason: `the archive ends too soon, at byte ${end}` };
    if (bytes.every((byte) => byte === 0)) return;
    const header = headerFrom(bytes);
    if (!header) return yield { reason: `the archive is damaged at byte ${offset}` };
    const data = offset + block;
    if ('LKxg'.includes(header.type)) {
      if (header.size > longestName) return yield { reason: `the archive is damaged at byte ${offset}` };
      const body = await read(data, header.size);
      if (header.type === 'L') extended = { ...extended, name: textOf(body) };
      if (header.type === 'x') extended = { ...extended, ...paxRecords(body) };
      offset = data + padded(header.size);
      continue;
    }
    const { name, size } = { ...header, ...extended };
    const kind = kindOf(header.type, name);
    const after = data + padded(size);
    yield { name, kind, header: first, data, size, after, whole: data + size <= end };
    offset = after;
    first = after;
    extended = {};
  }
}

const padded = (size: number): number => Math.ceil(size / block) * block;

function kindOf(type: string, name: string): TarEntry['kind'] {
  if (type === '5' || name.endsWith('/')) return 'folder';
  return ['0', '\0', '7'].includes(type) ? 'file' : 'other';
}

/** null where it is none. */
function headerFrom(bytes: Buffer): TarHeader | null {
  const size = numberFrom(bytes.subarray(124, 136));
  if (sumOf(bytes) !== numberFrom(bytes.subarray(148, 156)) || !Number.isSafeInteger(size) || size < 0)
    return null;
  const prefix = bytes.toString('latin1', 257, 263) === 'ustar\0' ? textOf(bytes.subarray(345, 500)) : '';
  const name = textOf(bytes.subarray(0, 100));
  return { name: prefix ? `${prefix}/${name}` : name, type: bytes.toString('latin1', 156, 157), size };
}

/** Of the header's bytes, those of the sum itself taken as spaces. */
function sumOf(bytes: Buffer): number {
  let sum = 8 * 32;
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += bytes[i] ?? 0;
  return sum;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** Octal digits, or big-endian binary where they do not suffice (GNU). */
function numberFrom(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) === 0) {
    const digits = field.toString('latin1').replace(/\0.*$/s, '').trim();
    return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  }
  return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, (field[0] ?? 0) & 0x7f);
}

/** Records "length key=value\n", the length counting the whole record in bytes. */
function paxRecords(bytes: Buffer): Extended {
  let found: Extended = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, Math.max(at, space)));
    if (!(length > 0)) break;
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === 'path') found = { ...found, name: value };
    if (key === 'size' && /^\d+$/.test(value)) found = { ...found, size: Number(value) };
    at += length;
  }
  return found;
}
