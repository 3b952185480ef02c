/** MATLAB's level 5 files (.mat), as far as tables of numbers and text need. */

import { inflateSync } from 'node:zlib';

export type MatlabValue =
  | { readonly kind: 'numbers'; readonly values: readonly number[] }
  | { readonly kind: 'text'; readonly text: string }
  /** A struct array, its elements in MATLAB's order. */
  | { readonly kind: 'struct'; readonly elements: readonly ReadonlyMap<string, MatlabValue>[] }
  | { readonly kind: 'other' };

/** Codes of the format: data types of elements, classes of arrays. */
const types = { utf8: 16, utf16: 17, matrix: 14, compressed: 15 };
const classes = { struct: 2, char: 4, double: 6, uint64: 15 };

/** Files are small; a damaged one may claim to unpack to anything. */
const largest = 2 ** 28;

/** An element: its data type and its bytes; `next`: where the one after it begins. */
interface Element {
  readonly type: number;
  readonly data: DataView;
  readonly next: number;
}

/** The variables by name. Throws RangeError where the file is damaged, and Error where it is no such file. */
export function readMatlab(bytes: Uint8Array): Map<string, MatlabValue> {
  const mark = Buffer.from(bytes.subarray(126, 128)).toString('latin1');
  if (mark !== 'IM' && mark !== 'MI') throw new Error('it is no MATLAB file of level 5');
  return new Reader(mark === 'IM').variables(viewOf(bytes), 128);
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
function part(view: DataView, start: number, length: number): DataView {
  if (start + length > view.byteLength) throw new RangeError('it ends too soon');
  return new DataView(view.buffer, view.byteOffset + start, length);
}

const bytesOf = (view: DataView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);

/** Bytes and reader of the numeric data types, by code. */
const numeric: Readonly<
  Record<number, readonly [size: number, read: (v: DataView, at: number, little: boolean) => number]>
> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getInt16(at, little)],
  4: [2, (view, at, little) => view.getUint16(at, little)],
  5: [4, (view, at, little) => view.getInt32(at, little)],
  6: [4, (view, at, little) => view.getUint32(at, little)],
  7: [4, (view, at, little) => view.getFloat32(at, little)],
  9: [8, (view, at, little) => view.getFloat64(at, little)],
  12: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  13: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
};

class Reader {
  constructor(private readonly little: boolean) {}

  variables(view: DataView, start: number): Map<string, MatlabValue> {
    const found = new Map<string, MatlabValue>();
    for (let at = start; at < view.byteLength;) {
      const { type, data, next } = this.element(view, at);
      if (type === types.compressed) {
        const unpacked = inflateSync(bytesOf(data), { maxOutputLength: largest });
        for (const [name, value] of this.variables(viewOf(unpacked), 0)) found.set(name, value);
      } else if (type === types.matrix) {
        const { name, value } = this.matrix(data);
        found.set(name, value);
      }
      at = next;
    }
    return found;
  }

  /** Up to four bytes of data stand in the tag itself, their length in its upper half. */
  private element(view: DataView, at: number): Element {
    const word = view.getUint32(at, this.little);
    const short = word >>> 16;
    if (short > 0) return { type: word & 0xffff, data: part(view, at + 4, short), next: at + 8 };
    const length = view.getUint32(at + 4, this.little);
    const pad = word === types.compressed ? 0 : -length & 7;
    return { type: word, data: part(view, at + 8, length), next: at + 8 + length + pad };
  }

  private matrix(view: DataView): { readonly name: string; readonly value: MatlabValue } {
    if (view.byteLength === 0) return { name: '', value: { kind: 'other' } };
    const flags = this.element(view, 0);
    const shape = this.element(view, flags.next);
    const label = this.element(view, shape.next);
    const array = flags.data.getUint32(0, this.little) & 0xff;
    const name = bytesOf(label.data).toString('latin1');
    if (array === classes.struct) {
      const count = this.numbers(shape).reduce((product, size) => product * size, 1);
      return { name, value: { kind: 'struct', elements: this.struct(view, label.next, count) } };
    }
    if (array === classes.char) return { name, value: { kind: 'text', text: this.text(view, label.next) } };
    if (array < classes.double || array > classes.uint64) return { name, value: { kind: 'other' } };
    return { name, value: { kind: 'numbers', values: this.numbers(this.element(view, label.next)) } };
  }

  private struct(view: DataView, at: number, count: number): Map<string, MatlabValue>[] {
    const width = this.element(view, at);
    const names = this.element(view, width.next);
    const [length = 0] = this.numbers(width);
    const fields: string[] = [];
    for (let start = 0; start + length <= names.data.byteLength && length > 0; start += length) {
      const bytes = bytesOf(part(names.data, start, length));
      fields.push(bytes.toString('latin1').replace(/\0.*$/s, ''));
    }
    const elements: Map<string, MatlabValue>[] = [];
    let next = names.next;
    // Bounded by the bytes there are: reading past them throws.
    for (let n = 0; n < count && fields.length > 0; n++) {
      const element = new Map<string, MatlabValue>();
      for (const field of fields) {
        const found = this.element(view, next);
        element.set(field, this.matrix(found.data).value);
        next = found.next;
      }
      elements.push(element);
    }
    return elements;
  }

  private text(view: DataView, at: number): string {
    if (at >= view.byteLength) return '';
    const { type, data } = this.element(view, at);
    if (type === types.utf8) return bytesOf(data).toString('utf8');
    const units = this.numbers({ type: type === types.utf16 ? 4 : type, data });
    return units.map((unit) => String.fromCharCode(unit)).join('');
  }

  /** Whole numbers are often stored in fewer bytes than their array's class has. */
  private numbers({ type, data }: Pick<Element, 'type' | 'data'>): number[] {
    const [size, read] = numeric[type] ?? [];
    if (!size || !read) throw new RangeError(`data of an unknown type ${type}`);
    return Array.from({ length: Math.floor(data.byteLength / size) }, (_, n) =>
      read(data, n * size, this.little),
    );
  }
}
