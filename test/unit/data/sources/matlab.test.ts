import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMatlab, type MatlabValue } from '../../../../lib/data/sources/matlab.js';
import { writeMatlab, type Value } from './matlab-writer.js';

/** As the writer takes it; an empty array of numbers for what it writes as one. */
function plain(value: MatlabValue): Value {
  if (value.kind === 'numbers') return value.values.length === 1 ? (value.values[0] ?? 0) : value.values;
  if (value.kind === 'text') return value.text;
  if (value.kind === 'other') return 'other';
  return value.elements.map((element) =>
    Object.fromEntries([...element].map(([name, field]) => [name, plain(field)])),
  );
}

const read = (bytes: Uint8Array): Record<string, Value> =>
  Object.fromEntries([...readMatlab(bytes)].map(([name, value]) => [name, plain(value)]));

const number = fc.oneof(fc.nat(255), fc.nat(65535), fc.double({ noNaN: true }), fc.integer());
const text = fc.string({ unit: fc.constantFrom('a', 'Z', ',', ' ', 'é', '漢') });
const value = fc.oneof(number, text, fc.array(number, { minLength: 2, maxLength: 5 }), fc.constant([]));
const synset = fc.record({ ILSVRC2012_ID: number, WNID: text, words: value, children: value });
const options = fc.record({
  bigEndian: fc.boolean(),
  compressed: fc.boolean(),
  letters: fc.constantFrom('utf8' as const, 'uint16' as const),
});

const scipy =
  'AAFJTQ8AAACnAAAAeJzjYwACJgYGNiDFAWGCASsSnxGK2YG4uDKvOLWkGCjPwsAHFdcCYk+f4LAgZyMDQ6N4TxeGcD8gAQfl+UUp' +
  'xQyoAKTXggFhLxuavYxIGAQ4oeIQ8MEepN8BST8LFv2cSPoFoPw8A0MTEwNzMxMkdxAyhxfNHJCe7MwShbT8Ch2F5MS0wysp9M+B' +
  'IgeK/GNsamyO5B8DAuYwoZjDxJCYxMAAAFNCGqo=';

describe('a MATLAB file', () => {
  it('is read as it was written, in either byte order, compressed or not', () => {
    fc.assert(
      fc.property(fc.array(synset, { minLength: 1, maxLength: 4 }), text, options, (synsets, remark, how) => {
        const written = { synsets, remark };
        expect(read(writeMatlab(written, how))).toEqual(written);
      }),
    );
  });

  // Written by scipy 1.17: savemat({'synsets': …}), a 2 × 1 struct array of a double, a text and a text with é.
  it('of another writer is read', () => {
    const bytes = Buffer.concat([Buffer.alloc(124), Buffer.from(scipy, 'base64')]);
    expect(read(bytes)).toEqual({
      synsets: [
        { ILSVRC2012_ID: 1, WNID: 'n01440764', words: 'kit fox, café' },
        { ILSVRC2012_ID: 300, WNID: 'n01443537', words: 'ab' },
      ],
    });
  });

  it('that is damaged is an error, not a crash, nor read for ever', () => {
    const synsets = [1, 2, 3].map((id) => ({ id, WNID: `n0000000${id}`, words: 'some words', children: [] }));
    for (const compressed of [true, false]) {
      const whole = writeMatlab({ synsets }, { compressed });
      for (let length = 0; length < whole.length; length += 3)
        expect(outcome(whole.subarray(0, length))).not.toBe('whole');
      fc.assert(
        fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
          const bytes = Buffer.from(whole);
          bytes[at] = byte;
          outcome(bytes);
        }),
      );
    }

    function outcome(bytes: Buffer): string {
      try {
        return readMatlab(bytes).get('synsets') ? 'whole' : 'empty';
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).not.toBe('');
        return 'error';
      }
    }
  });

  it('of another level is refused', () => {
    expect(() => readMatlab(Buffer.from('MATLAB 7.3 MAT-file'.padEnd(600)))).toThrow(
      'it is no MATLAB file of level 5',
    );
  });
});
