/** Writes MATLAB's level 5 files as MATLAB does: whole numbers in few bytes, short data in the tag, variables compressed. */

import { deflateSync } from 'node:zlib';

export type Value = number | readonly number[] | string | readonly Readonly<Record<string, Value>>[];

export interface MatlabOptions {
  readonly bigEndian?: boolean;
  readonly compressed?: boolean;
  /** Letters as UTF-8 (newer MATLABs) or as 16-bit units (older ones). */
  readonly letters?: 'utf8' | 'uint16';
}

export function writeMatlab(variables: Readonly<Record<string, Value>>, options: MatlabOptions = {}): Buffer {
  const { bigEndian = false, compressed = true, letters = 'uint16' } = options;

  const whole = (value: number, size: 1 | 2 | 4): Buffer => {
    const bytes = Buffer.alloc(size);
    if (bigEndian) bytes.writeUIntBE(value >>> 0, 0, size);
    else bytes.writeUIntLE(value >>> 0, 0, size);
    return bytes;
  };

  const element = (type: number, data: Buffer): Buffer => {
    if (data.length > 0 && data.length <= 4)
      return Buffer.concat([whole(data.length * 65536 + type, 4), data, Buffer.alloc(4 - data.length)]);
    return Buffer.concat([whole(type, 4), whole(data.length, 4), data, Buffer.alloc(-data.length & 7)]);
  };

  const numbers = (values: readonly number[]): Buffer => {
    const most = Math.max(0, ...values);
    if (
      values.every((value) => Number.isInteger(value) && !Object.is(value, -0) && value >= 0) &&
      most < 65536
    ) {
      const size = most < 256 ? 1 : 2;
      return element(size === 1 ? 2 : 4, Buffer.concat(values.map((value) => whole(value, size))));
    }
    const doubles = values.map((value) => {
      const bytes = Buffer.alloc(8);
      if (bigEndian) bytes.writeDoubleBE(value);
      else bytes.writeDoubleLE(value);
      return bytes;
    });
    return element(9, Buffer.concat(doubles));
  };

  const text = (value: string): Buffer => {
    if (letters === 'utf8') return element(16, Buffer.from(value, 'utf8'));
    return element(4, Buffer.concat(value.split('').map((_, i) => whole(value.charCodeAt(i), 2))));
  };

  const matrix = (name: string, arrayClass: number, shape: readonly number[], parts: readonly Buffer[]) =>
    element(
      14,
      Buffer.concat([
        element(6, Buffer.concat([whole(arrayClass, 4), whole(0, 4)])),
        element(5, Buffer.concat(shape.map((size) => whole(size, 4)))),
        element(1, Buffer.from(name, 'latin1')),
        ...parts,
      ]),
    );

  const array = (name: string, value: Value): Buffer => {
    if (typeof value === 'number') return matrix(name, 6, [1, 1], [numbers([value])]);
    if (typeof value === 'string') return matrix(name, 4, [1, value.length], [text(value)]);
    if (value.length === 0) return matrix(name, 6, [0, 0], [numbers([])]);
    if (typeof value[0] === 'number')
      return matrix(name, 6, [1, value.length], [numbers(value as readonly number[])]);
    const elements = value as readonly Readonly<Record<string, Value>>[];
    const fields = Object.keys(elements[0] ?? {});
    const width = Math.max(...fields.map((field) => field.length)) + 1;
    const names = Buffer.alloc(fields.length * width);
    for (const [i, field] of fields.entries()) names.write(field, i * width, 'latin1');
    return matrix(
      name,
      2,
      [elements.length, 1],
      [
        element(5, whole(width, 4)),
        element(1, names),
        ...elements.flatMap((each) => fields.map((field) => array('', each[field] ?? []))),
      ],
    );
  };

  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file, Platform: GLNX86, Created on: Thu Jun 14 12:00:00 2012');
  header.fill(0, 116, 124);
  whole(0x0100, 2).copy(header, 124);
  header.write(bigEndian ? 'MI' : 'IM', 126);
  const stored = Object.entries(variables).map(([name, value]) => {
    const plain = array(name, value);
    if (!compressed) return plain;
    const packed = deflateSync(plain);
    return Buffer.concat([whole(15, 4), whole(packed.length, 4), packed]);
  });
  return Buffer.concat([header, ...stored]);
}
