import { describe, expect, it } from 'vitest';
import { bar, barLine } from '../../cli/ui/bar.js';
import { bytes, count, duration, flops, percent, plural, rate, significant } from '../../lib/text/numbers.js';
import { RunningMean } from '../../cli/ui/running-mean.js';
import { skippedLines } from '../../cli/ui/skipped.js';
import { styleFor } from '../../cli/ui/style.js';
import { visible, visibleJson } from '../../cli/ui/visible.js';
import { editDistance, suggestion } from '../../cli/ui/suggest.js';
import { list, table } from '../../lib/text/table.js';
import { drawTimeline } from '../../cli/ui/timeline.js';
import { shellWord } from '../../lib/shell-word.js';

describe('numbers', () => {
  it.each([
    [count(60_965_224), '60,965,224'],
    [percent(0.0625), '6.3 %'],
    [significant(0.010000001), '0.01'],
    [significant(0.00001), '1e-5'],
    [significant(0), '0'],
    [rate(1234.5), '1,235'],
    [rate(98.76), '98.8'],
    [rate(6.543), '6.54'],
    [bytes(512), '512 B'],
    [bytes(11_075_584), '11.1 MB'],
    [bytes(999_950), '1.00 MB'],
    [bytes(99_960), '100 kB'],
    [flops(1_448_813_632), '1.45 GFLOP'],
    [plural(1, 'image'), '1 image'],
    [plural(2000, 'class', 'classes'), '2,000 classes'],
  ])('%s', (printed, expected) => {
    expect(printed).toBe(expected);
  });

  it.each([
    [0, '0 s'],
    [0.00176, '1.76 ms'],
    [3.21, '3.2 s'],
    [9.96, '10 s'],
    [59.6, '1 min 00 s'],
    [247, '4 min 07 s'],
    [3599.9, '1 h 00 min'],
    [5400, '1 h 30 min'],
    [86_399, '1 d 00 h'],
    [442_800, '5 d 03 h'],
    [Number.NaN, '?'],
  ])('%s seconds are %s', (seconds, expected) => {
    expect(duration(seconds)).toBe(expected);
  });
});

describe('lines', () => {
  it('tables line up', () => {
    const columns = [
      { title: 'layer', align: 'left' },
      { title: 'size', align: 'right' },
    ] as const;
    expect(table(columns, [['conv1', '9'], ['x', '1,000'], ['y']])).toEqual([
      'layer   size',
      'conv1      9',
      'x      1,000',
      'y',
    ]);
    expect(
      list(
        [
          ['a', '1'],
          ['bcd', '2'],
        ],
        ' ',
      ),
    ).toEqual([' a    1', ' bcd  2']);
  });

  it('bars fill and stay inside', () => {
    expect(bar(0.5, 4)).toBe('━━──');
    expect(bar(7, 4)).toBe('━━━━');
    expect(bar(Number.NaN, 4)).toBe('────');
  });

  it('a narrow terminal keeps the important fields', () => {
    const fields = [
      { text: 'epoch 1/9', rank: 1 },
      { text: 'loss 2.303', rank: 2 },
      { text: '1,234 images/s', rank: 3 },
    ];
    expect(barLine(fields, 0, 80)).toMatch(/^epoch 1\/9 {2}─{37,40} {2}loss 2\.303 {2}1,234 images\/s$/);
    expect(barLine(fields, 0, 33)).toBe('epoch 1/9  ──────────  loss 2.303');
    for (let columns = 5; columns < 100; columns++) {
      expect(barLine(fields, 0.5, columns).length).toBeLessThanOrEqual(columns);
    }
  });

  it('skipped files are listed, the first ten', () => {
    const skipped = Array.from({ length: 12 }, (_, i) => ({ file: `${i}.jpg`, reason: 'not an image' }));
    expect(skippedLines([])).toEqual([]);
    expect(skippedLines(skipped.slice(0, 1))).toEqual(['skipped 1 file:', '  0.jpg: not an image']);
    expect(skippedLines(skipped)).toHaveLength(12);
    expect(skippedLines(skipped).at(-1)).toBe('  and 2 more');
  });

  it('colours need a terminal and no NO_COLOR', () => {
    expect(visible(styleFor({ isTTY: true }, {}).bold('x'))).toBe('\u001B[1mx\u001B[22m');
    expect(styleFor({ isTTY: true }, { NO_COLOR: '1' }).bold('x')).toBe('x');
    expect(styleFor({}, {}).bold('x')).toBe('x');
  });

  it('what controls a terminal is written out, but for the colours of the program', () => {
    const { bad } = styleFor({ isTTY: true }, {});
    const name = 'a\u001B[31m\n\r\t\u0007\u009B2J\u007F\u202Eb';
    const shown = 'a\\x1b[31m\\n\\r\\t\\x07\\x9b2J\\x7f\\u202eb';
    expect(visible(name)).toBe(shown);
    expect(visible(bad(name))).toBe(`\u001B[31m${shown}\u001B[39m`);
    expect(visible('Ёж 🐈 日本語 C:\\x')).toBe('Ёж 🐈 日本語 C:\\x');
    const json = visibleJson({ [name]: name });
    expect(json).not.toMatch(/[\p{Cc}\u202E]/u);
    expect(JSON.parse(json)).toEqual({ [name]: name });
  });

  it('folders with spaces can be pasted into a shell', () => {
    expect(shellWord('runs/mini-1')).toBe('runs/mini-1');
    expect(shellWord("my run's")).toBe(`'my run'\\''s'`);
  });
});

describe('suggestions', () => {
  it.each([
    ['trian', 'train'],
    ['clasify', 'classify'],
    ['eval', 'evaluate'],
    ['zzz', undefined],
  ])('%s means %s', (word, expected) => {
    expect(suggestion(word, ['train', 'evaluate', 'classify', 'plan', 'devices'])).toBe(expected);
  });

  it('a swap of neighbours is one edit', () => {
    expect(editDistance('trian', 'train')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
  });
});

it('a running mean starts at the first value and follows', () => {
  const mean = new RunningMean(1);
  expect(mean.add(4)).toBe(4);
  expect(mean.add(1)).toBeCloseTo(2);
});

it('the timeline shows layers, transfers and waits in their places', () => {
  const compute = { lane: 'compute', op: 'convolution_forward' } as const;
  const spans = [
    { ...compute, device: 0, label: 'conv1', start: 0, end: 5 },
    { device: 0, lane: 'transfer', op: 'transfer', label: 'fc2', start: 5, end: 5.1 },
    { ...compute, device: 0, label: 'fc2', start: 5, end: 10 },
    { ...compute, device: 1, label: 'conv1', start: 0, end: 4 },
    { ...compute, device: 1, op: 'wait', label: 'fc2', start: 4, end: 5.1 },
    { ...compute, device: 1, label: 'fc2', start: 5.1, end: 10 },
  ] as const;
  const options = { learned: ['conv1', 'fc2'], devices: ['a', 'b'], columns: 52 };
  const { lines, signs } = drawTimeline(spans, 10, options);
  expect(lines.slice(2)).toEqual([
    `a computes  ${'1'.repeat(20)}${'2'.repeat(20)}`,
    `     sends  ${' '.repeat(20)}2`,
    `b computes  ${'1'.repeat(16)}${'·'.repeat(5)}${'2'.repeat(19)}`,
    '     sends',
  ]);
  expect(signs).toBe('1 conv1, 2 fc2, · waits for the other device');
});
