/** Images a second by batch size, as an SVG: one panel for each pass, one line for each contender and number of threads. Pure. */

import { rate } from '../lib/text/numbers.js';
import type { CpuRow } from './cpu-rows.js';
import type { Pass } from '../lib/bench/rows.js';

const [width, height, panelWidth, panelHeight] = [1040, 430, 400, 300];
const [left, top, gap] = [70, 50, 110];
/** Told apart by people who see colours differently, too (Okabe and Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const dashes = ['', '6 3', '2 3', '8 3 2 3'];

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
const place = (n: number): string => n.toFixed(1);

/** 1, 2 or 5 times a power of ten: at most six lines up to `most`. */
function tick(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => most / step <= 6) ?? most;
}

const label = (x: number, y: number, text: string, anchor = 'middle'): string =>
  `<text x="${place(x)}" y="${place(y)}" text-anchor="${anchor}">${text}</text>`;
const line = (from: readonly number[], to: readonly number[], style: string): string =>
  `<line x1="${place(from[0] ?? 0)}" y1="${place(from[1] ?? 0)}" x2="${place(to[0] ?? 0)}" y2="${place(to[1] ?? 0)}" ${style}/>`;

function panel(rows: readonly CpuRow[], pass: Pass, x0: number, styleOf: (row: CpuRow) => string): string[] {
  const own = rows.filter((row) => row.pass === pass);
  const batches = distinct(own.map(({ batch }) => batch)).toSorted((a, b) => a - b);
  const most = Math.max(...own.map(({ imagesPerSecond }) => imagesPerSecond));
  const [first, last] = [Math.log2(batches[0] ?? 1), Math.log2(batches.at(-1) ?? 1)];
  const bottom = top + panelHeight;
  const x = (batch: number): number =>
    x0 + (last > first ? (Math.log2(batch) - first) / (last - first) : 0.5) * panelWidth;
  const y = (imagesPerSecond: number): number => bottom - (imagesPerSecond / (1.05 * most)) * panelHeight;
  const step = tick(most);
  const levels = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  const series = distinct(own.map(styleOf)).map((style) => own.filter((row) => styleOf(row) === style));
  return [
    label(x0 + panelWidth / 2, top - 18, `${pass}, images/s`),
    ...levels.flatMap((level) => [
      line([x0, y(level)], [x0 + panelWidth, y(level)], 'stroke="#ddd"'),
      label(x0 - 8, y(level) + 4, rate(level).replace(/\.0+$/, ''), 'end'),
    ]),
    ...batches.map((batch) => label(x(batch), bottom + 20, String(batch))),
    label(x0 + panelWidth / 2, bottom + 42, 'batch'),
    ...series.flatMap((points) => {
      const sorted = points.toSorted((a, b) => a.batch - b.batch);
      const at = sorted.map((row) => [x(row.batch), y(row.imagesPerSecond)].map(place).join(','));
      const style = styleOf(sorted[0] as CpuRow);
      return [
        `<polyline points="${at.join(' ')}" fill="none" stroke-width="2" ${style}/>`,
        ...at.map((point) => {
          const [cx, cy] = point.split(',');
          return `<circle cx="${cx}" cy="${cy}" r="3" ${style.replace(/ stroke-dasharray="[^"]*"/, '')} fill="white"/>`;
        }),
      ];
    }),
  ];
}

/** Throws nothing; of no rows an empty picture. */
export function curves(rows: readonly CpuRow[]): string {
  const contenders = distinct(rows.map(({ contender }) => contender));
  const threads = distinct(rows.map((row) => row.threads)).toSorted((a, b) => b - a);
  const styleOf = (row: Pick<CpuRow, 'contender' | 'threads'>): string => {
    const dash = dashes[threads.indexOf(row.threads) % dashes.length] as string;
    const colour = colours[contenders.indexOf(row.contender) % colours.length] as string;
    return `stroke="${colour}"${dash && ` stroke-dasharray="${dash}"`}`;
  };
  const passes = distinct(rows.map(({ pass }) => pass));
  const lines = contenders.flatMap((contender) => threads.map((count) => ({ contender, threads: count })));
  const columns = 4;
  const legend = lines.flatMap((each, i) => {
    const [x, y] = [left + (i % columns) * 235, height + 10 + Math.floor(i / columns) * 22];
    const name = `${each.contender}, ${each.threads === 1 ? '1 thread' : `${each.threads} threads`}`;
    return [
      line([x, y - 4], [x + 34, y - 4], `stroke-width="2" ${styleOf(each)}`),
      label(x + 42, y, name, 'start'),
    ];
  });
  const all = height + 20 + Math.ceil(lines.length / columns) * 22;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${all}" viewBox="0 0 ${width} ${all}">`,
    `<rect width="${width}" height="${all}" fill="white"/>`,
    '<g font-family="sans-serif" font-size="13" fill="#222">',
    ...passes.flatMap((pass, i) => panel(rows, pass, left + i * (panelWidth + gap), styleOf)),
    ...legend,
    '</g></svg>',
    '',
  ].join('\n');
}
