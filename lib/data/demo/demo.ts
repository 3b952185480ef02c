/**
 * The built-in demo set: ten classes of shapes and textures, drawn as SVG with real variation in colour, place, size,
 * turn, background and clutter, and written as JPEG files, so that they are read as photographs are.
 */

import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { randomBlock, unit, type Seed } from '../../random/philox.js';
import { streams } from '../../random/streams.js';
import { writeWholeFolder } from './whole-folder.js';

/** Uniform numbers for one drawing. */
class Dice {
  private words: number[] = [];
  private block = 0;

  constructor(
    private readonly seed: Seed,
    private readonly drawing: number,
  ) {}

  number(from: number, to: number): number {
    if (this.words.length === 0)
      this.words = randomBlock(this.seed, streams.demo, this.drawing, this.block++);
    return from + (to - from) * unit(this.words.pop() as number);
  }

  integer(from: number, to: number): number {
    return Math.floor(this.number(from, to + 1));
  }
}

const at = (value: number): string => value.toFixed(1);
const colour = (hue: number, saturation: number, light: number): string =>
  `hsl(${hue.toFixed(0)},${saturation.toFixed(0)}%,${light.toFixed(0)}%)`;

function polygon(corners: number, inner: number, radius: number): string {
  const points = Array.from({ length: corners }, (_, i) => {
    const r = i % 2 ? radius * inner : radius;
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2;
    return `${at(r * Math.cos(angle))},${at(r * Math.sin(angle))}`;
  });
  return `<polygon points="${points.join(' ')}"/>`;
}

function spiral(radius: number, turns: number): string {
  const steps = 90;
  const points = Array.from({ length: steps }, (_, i) => {
    const t = i / (steps - 1);
    const angle = 2 * Math.PI * turns * t;
    return `${at(radius * t * Math.cos(angle))},${at(radius * t * Math.sin(angle))}`;
  });
  return `<polyline points="${points.join(' ')}" fill="none" stroke="currentColor" stroke-width="${at(radius * 0.13)}"/>`;
}

/** Each draws around the origin with the given radius, filled with the current colour. */
const drawings: Readonly<Record<string, (radius: number, dice: Dice) => string>> = {
  checkerboard: (r, dice) => {
    const n = dice.integer(4, 6);
    const side = (2 * r) / n;
    let squares = '';
    for (let i = 0; i < n; i++) {
      for (let j = i % 2; j < n; j += 2) {
        squares += `<rect x="${at(-r + i * side)}" y="${at(-r + j * side)}" width="${at(side)}" height="${at(side)}"/>`;
      }
    }
    return squares;
  },
  crescent: (r) =>
    `<path d="M0,${at(-r)} A${at(r)},${at(r)} 0 1,1 0,${at(r)} A${at(1.5 * r)},${at(1.5 * r)} 0 0,0 0,${at(-r)}Z"/>`,
  cross: (r, dice) => {
    const w = r * dice.number(0.22, 0.36);
    const bar = `x="${at(-r)}" y="${at(-w)}" width="${at(2 * r)}" height="${at(2 * w)}"`;
    return `<rect ${bar}/><rect ${bar} transform="rotate(90)"/>`;
  },
  disc: (r) => `<circle r="${at(r)}"/>`,
  dots: (r, dice) => {
    const n = dice.integer(3, 4);
    const gap = (2 * r) / n;
    let dots = '';
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        dots += `<circle cx="${at(-r + (i + 0.5) * gap)}" cy="${at(-r + (j + 0.5) * gap)}" r="${at(gap * 0.33)}"/>`;
      }
    }
    return dots;
  },
  ring: (r, dice) => {
    const width = r * dice.number(0.22, 0.36);
    return `<circle r="${at(r - width / 2)}" fill="none" stroke="currentColor" stroke-width="${at(width)}"/>`;
  },
  spiral: (r, dice) => spiral(r, dice.number(2.2, 3.2)),
  star: (r, dice) => polygon(10, dice.number(0.38, 0.48), r * 1.1),
  stripes: (r, dice) => {
    const n = dice.integer(4, 6);
    const gap = (2 * r) / n;
    return Array.from(
      { length: n },
      (_, i) =>
        `<rect x="${at(-r)}" y="${at(-r + i * gap)}" width="${at(2 * r)}" height="${at(gap * 0.52)}"/>`,
    ).join('');
  },
  triangle: (r) => polygon(3, 1, r * 1.1),
};

export const demoClasses: readonly string[] = Object.keys(drawings).toSorted();

/** One drawing as SVG, 200 to 360 pixels a side. */
export function demoSvg(name: string, seed: Seed, drawing: number): string {
  const dice = new Dice(seed, drawing);
  const width = dice.integer(200, 360);
  const height = dice.integer(200, 360);
  const side = Math.min(width, height);
  const hue = dice.number(0, 360);
  const dark = dice.number(0, 1) < 0.5;
  const light = (from: number, to: number): number =>
    dark ? dice.number(from, to) : 100 - dice.number(from, to);
  const background = [0, 1].map(() => colour(hue + dice.number(-50, 50), dice.number(15, 60), light(8, 38)));
  const figure = colour(hue + dice.number(70, 290), dice.number(45, 95), light(58, 85));
  const blotches = Array.from({ length: dice.integer(6, 14) }, () => {
    const [x, y, r] = [dice.number(0, width), dice.number(0, height), dice.number(10, 70)];
    const fill = colour(hue + dice.number(-60, 60), dice.number(10, 60), light(4, 46));
    return `<circle cx="${at(x)}" cy="${at(y)}" r="${at(r)}" fill="${fill}" opacity="0.35"/>`;
  });
  const clutter = Array.from({ length: dice.integer(3, 9) }, () => {
    const stroke = colour(dice.number(0, 360), dice.number(20, 80), dice.number(20, 80));
    const [x, y, dx, dy] = [
      dice.number(0, width),
      dice.number(0, height),
      dice.number(-90, 90),
      dice.number(-90, 90),
    ];
    const thick = dice.number(1, 5);
    return `<path d="M${at(x)},${at(y)} q${at(dy)},${at(dx)} ${at(dx)},${at(dy)}" stroke="${stroke}" stroke-width="${at(thick)}" fill="none" opacity="0.7"/>`;
  });
  const radius = side * dice.number(0.2, 0.36);
  const centre = [width, height].map(
    (extent) => extent / 2 + dice.number(-1, 1) * Math.max(0, side * 0.46 - radius),
  );
  const turn = dice.number(0, 360);
  const shape = drawings[name]?.(radius, dice) ?? '';
  const inFront = clutter.splice(0, 2).join('');
  const stretch = dice.number(0.8, 1.2);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs><linearGradient id="g" gradientTransform="rotate(${at(dice.number(0, 90))})"><stop offset="0" stop-color="${background[0]}"/><stop offset="1" stop-color="${background[1]}"/></linearGradient></defs>
<rect width="100%" height="100%" fill="url(#g)"/>${blotches.join('')}${clutter.join('')}
<g transform="translate(${centre.map(at).join(',')}) rotate(${at(turn)}) scale(${stretch.toFixed(2)},${(1 / stretch).toFixed(2)})" fill="${figure}" color="${figure}">${shape}</g>
${inFront}</svg>`;
}

export interface DemoOptions {
  /** Images of each class. */
  readonly training: number;
  readonly validation: number;
  readonly seed: Seed;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

const atOnce = 4;

/**
 * Draws the set into `folder` (train/<class>/, val/<class>/) unless it is there already. Throws AlexNetError DATA where the
 * disk is full, and the signal's reason when aborted.
 */
export async function drawDemoSet(folder: string, options: DemoOptions): Promise<void> {
  const exists = async (): Promise<boolean> => (await stat(folder).catch(() => null)) !== null;
  if (await exists()) return;
  await writeWholeFolder(folder, async (temporary) => await drawAll(temporary, options), exists);
}

async function drawAll(folder: string, options: DemoOptions): Promise<void> {
  const { training, validation, seed, signal } = options;
  const each = training + validation;
  const total = demoClasses.length * each;
  for (const part of ['train', 'val']) {
    for (const name of demoClasses) await mkdir(join(folder, part, name), { recursive: true });
  }
  const draw = async (drawing: number): Promise<void> => {
    const name = demoClasses[Math.floor(drawing / each)] as string;
    const place = drawing % each;
    const part = place < training ? 'train' : 'val';
    const jpeg = await sharp(Buffer.from(demoSvg(name, seed, drawing)))
      .jpeg({ quality: 90 })
      .toBuffer();
    await writeFile(join(folder, part, name, `${name}-${String(place).padStart(4, '0')}.jpg`), jpeg);
  };
  for (let start = 0; start < total; start += atOnce) {
    signal?.throwIfAborted();
    const chosen = Array.from({ length: Math.min(atOnce, total - start) }, (_, i) => start + i);
    await Promise.all(chosen.map(draw));
    options.onProgress?.(start + chosen.length, total);
  }
}
