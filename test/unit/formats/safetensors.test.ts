import { describe, expect, it } from 'vitest';
import { decodeHeader, encodeHeader, headerLength } from '../../../lib/formats/safetensors.js';

const encoded = encodeHeader(
  [
    { name: 'conv1.weight', shape: [2, 3], data: new Float32Array(6) },
    { name: 'labels', shape: [2], data: new Int32Array(2) },
    { name: 'order', shape: [1], data: new BigInt64Array(1) },
    { name: 'scalar', shape: [], data: new Float64Array(1) },
    { name: 'none', shape: [0, 4], data: new Uint8Array(0) },
  ],
  { note: 'a "quoted" word', empty: '' },
);

const json = (header: unknown): Buffer =>
  Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('a safetensors header', () => {
  it('comes back as it was written, its data aligned to 8 bytes', () => {
    const length = headerLength('f', encoded, encoded.length + 48);
    expect(length % 8).toBe(0);
    expect(encoded.length).toBe(8 + length);
    const { entries, metadata } = decodeHeader('f', encoded.subarray(8), 48);
    expect(metadata).toEqual({ note: 'a "quoted" word', empty: '' });
    expect(Object.fromEntries(entries)).toEqual({
      'conv1.weight': { dtype: 'F32', shape: [2, 3], begin: 0, end: 24 },
      labels: { dtype: 'I32', shape: [2], begin: 24, end: 32 },
      order: { dtype: 'I64', shape: [1], begin: 32, end: 40 },
      scalar: { dtype: 'F64', shape: [], begin: 40, end: 48 },
      none: { dtype: 'U8', shape: [0, 4], begin: 48, end: 48 },
    });
  });

  it.each(['__proto__', 'constructor', 'a"b\\c', 'ключ', ''])('takes %o as the name of a tensor', (name) => {
    const header = encodeHeader([{ name, shape: [1], data: new Float32Array(1) }], {});
    expect([...decodeHeader('f', header.subarray(8), 4).entries.keys()]).toEqual([name]);
  });

  it('knows the types it has no numbers for', () => {
    const header = json({ half: { dtype: 'BF16', shape: [3], data_offsets: [0, 6] } });
    expect(decodeHeader('f', header, 6).entries.get('half')).toMatchObject({ dtype: 'BF16', end: 6 });
  });

  it('is refused when the caller contradicts himself', () => {
    const data = new Float32Array(2);
    const twice = [1, 2].map(() => ({ name: 'w', shape: [2], data }));
    expect(() => encodeHeader(twice, {})).toThrow('two tensors are called w');
    expect(() => encodeHeader([{ name: 'w', shape: [3], data }], {})).toThrow(
      'w: expected 3 numbers for its shape, received 2',
    );
  });

  it.each([
    ['no JSON', '{"w":', 4, 'its header is not JSON'],
    ['a list', '[]', 0, 'its header is not an object'],
    ['metadata that are numbers', { __metadata__: { step: 3 } }, 0, 'its metadata are not strings'],
    ['an entry that is a string', { w: 'F32' }, 0, "the header's entry of w is malformed"],
    ['an entry without a shape', { w: { dtype: 'F32', data_offsets: [0, 4] } }, 4, 'entry of w is malformed'],
    ['a negative extent', { w: f32(0, 4, [-1]) }, 4, 'entry of w is malformed'],
    ['offsets the wrong way round', { w: f32(4, 0) }, 4, 'entry of w is malformed'],
    ['three offsets', { w: { ...f32(0, 4), data_offsets: [0, 4, 8] } }, 8, 'entry of w is malformed'],
    ['an unknown type', { w: { ...f32(0, 4), dtype: 'F31' } }, 4, 'w is of an unknown type, F31'],
    ['a type of no sense', { w: { ...f32(0, 4), dtype: 'constructor' } }, 4, 'unknown type, constructor'],
    ['a shape of another size', { w: f32(0, 8, [3]) }, 8, 'w has 8 bytes; expected 12 for its shape'],
    ['a shape beyond all bounds', { w: f32(0, 8, [2 ** 52, 2 ** 52]) }, 8, 'w has 8 bytes'],
    ['too few bytes behind it', { w: f32(0, 8) }, 4, 'w ends at byte 8 of 4; it was cut short'],
    ['an overlap', { a: f32(0, 8), b: f32(4, 12) }, 12, 'b overlaps the tensor before it'],
    ['a gap', { a: f32(0, 4), b: f32(8, 12) }, 12, '4 bytes before b belong to no tensor'],
    ['bytes left over', { a: f32(0, 4) }, 12, '8 bytes at its end belong to no tensor'],
    [
      'a name twice',
      `{"w":${JSON.stringify(f32(0, 4))},"v":{},"\\u0077":${JSON.stringify(f32(4, 8))}}`,
      8,
      'it has two tensors called w',
    ],
  ])('is refused in one line with %s', (_, header, dataBytes, message) => {
    expect(() => decodeHeader('x.safetensors', json(header), dataBytes)).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT',
        message: expect.stringMatching(/^x\.safetensors is no whole safetensors file: [^\n]+$/) as unknown,
      }),
    );
    expect(() => decodeHeader('x.safetensors', json(header), dataBytes)).toThrow(message);
  });

  it('is refused when it is too short or longer than the file', () => {
    expect(() => headerLength('f', Buffer.alloc(3), 3)).toThrow('it is shorter than 8 bytes');
    expect(() => headerLength('f', encoded, 40)).toThrow(/its header claims \d+ bytes, the file has 40/);
    expect(() => headerLength('f', Buffer.from('ffffffffffffffff', 'hex'), 1e12)).toThrow('cut short');
  });
});
