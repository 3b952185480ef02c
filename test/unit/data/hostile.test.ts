import { randomInt } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeImage, type Decoded } from '../../../lib/data/images/decode.js';
import { hostileFiles, type HostileFile } from './hostile.js';

const store = 64;
const seed = Number(process.env['ALEXNET_TEST_SEED'] ?? randomInt(2 ** 31));
/** For a table of what became of every kind: ALEXNET_TEST_TABLE=1. */
const printed = process.env['ALEXNET_TEST_TABLE'] === '1';

interface Met extends HostileFile {
  readonly decoded: Decoded;
}

const outcome = (decoded: Decoded): string => ('reason' in decoded ? decoded.reason : 'decoded');

function tableOf(all: readonly Met[]): string {
  const counts = new Map<string, Map<string, number>>();
  for (const { kind, decoded } of all) {
    const row = counts.get(kind) ?? new Map<string, number>();
    row.set(outcome(decoded), (row.get(outcome(decoded)) ?? 0) + 1);
    counts.set(kind, row);
  }
  return [...counts]
    .map(([kind, row]) => `${kind.padEnd(30)}${[...row].map(([what, n]) => `${n} × ${what}`).join('; ')}`)
    .join('\n');
}

describe(`200 hostile files (seed ${seed})`, () => {
  const met: Met[] = [];
  let grown = 0;

  beforeAll(async () => {
    const files = await hostileFiles(seed);
    const all = async (allowTruncated: boolean): Promise<Decoded[]> => {
      const results: Decoded[] = [];
      for (const { bytes } of files)
        results.push(await decodeImage(bytes, { store, fit: 'crop' }, { allowTruncated }));
      return results;
    };
    const first = await all(false);
    met.push(...files.map((file, i) => ({ ...file, decoded: first[i] as Decoded })));
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    for (let pass = 0; pass < 2; pass++) await all(true);
    globalThis.gc?.();
    grown = process.memoryUsage.rss() - before;
    if (printed) console.log(tableOf(met));
  });

  it('are as many', () => expect(met.length).toBeGreaterThanOrEqual(200));

  it('each becomes a square of pixels or a short reason', () => {
    for (const { kind, decoded } of met) {
      if ('reason' in decoded) expect(decoded.reason, kind).toMatch(/^[^\n]{5,80}$/);
      else expect(decoded.pixels, kind).toHaveLength(store ** 2 * 3);
    }
  });

  it('is decoded where it is whole, and refused where it is no image', () => {
    const wrong = met
      .filter(({ fate, decoded }) => fate !== 'either' && (fate === 'reason') !== 'reason' in decoded)
      .map(({ kind, fate, decoded }) => `${kind}: expected ${fate}, ${outcome(decoded)}`);
    expect(wrong).toEqual([]);
  });

  it('nothing large is begun', () => {
    const huge = met
      .filter(({ kind }) => kind === 'claims to be huge')
      .map(({ decoded }) => outcome(decoded));
    const limit = 'it has more than 120 million pixels';
    expect(huge.filter((reason) => reason === limit).length).toBeGreaterThanOrEqual(5);
    // Some decoders have limits of their own.
    expect(huge.filter((reason) => reason !== limit && reason !== 'it is damaged or cut short')).toEqual([]);
  });

  it('a JPEG, PNG or WebP cut short is never taken for whole', () => {
    const cut = met.filter(({ kind }) => /(JPEG|PNG|WebP), cut short/.test(kind));
    // The last bytes may be missing without a loss: a JPEG's end marker, a PNG's.
    const taken = cut.filter(({ decoded }) => 'pixels' in decoded);
    expect(taken.length).toBeLessThanOrEqual(2);
  });

  it('memory does not grow with their number', () => expect(grown).toBeLessThan(100e6));
});
