/** Contact sheets: pictures in a grid, with what they are below each. */

import sharp from 'sharp';
import { shortened, textLayer, type Text } from './labels.js';

export interface Picture {
  /** side × side × 3 bytes of RGB. */
  readonly pixels: Uint8Array;
  readonly side: number;
  /** One or two lines. */
  readonly captions: readonly string[];
}

export interface SheetOptions {
  readonly title: string;
  readonly note: string;
  /** Pictures in a row. */
  readonly columns: number;
}

/** Pixels. A sheet stays narrow enough for a screen unless its pictures would become too small to be seen. */
const widest = 1720;
const smallest = 48;
/** Small pictures are enlarged up to this at least, and until the sheet has room for its title. */
const [wide, narrowest] = [128, 432];
const [margin, gap, header] = [24, 14, 64];
const [captionSize, captionLine, captionGap] = [13, 17, 8];

/**
 * Columns for a number of pictures: a sheet half as wide again as high, with as few empty places in its last row as there
 * can be.
 */
export function columnsFor(count: number): number {
  const wanted = Math.sqrt(1.5 * count);
  const candidates = Array.from({ length: Math.ceil(1.5 * wanted) }, (_, i) => i + 1).filter(
    (columns) => columns <= count && columns >= wanted / 1.5,
  );
  const empty = (columns: number): number => (columns - (count % columns)) % columns;
  const [best] = candidates.toSorted(
    (a, b) => empty(a) - empty(b) || Math.abs(a - wanted) - Math.abs(b - wanted),
  );
  return best ?? 1;
}

/** Small pictures are enlarged by a whole number, so that their pixels can be seen; large ones made to fit. */
function sideShown(side: number, columns: number): number {
  const room = Math.max(smallest, Math.floor((widest - 2 * margin + gap) / columns) - gap);
  const enlarged = side * Math.ceil(Math.max(wide, narrowest / columns) / side);
  if (enlarged <= room) return enlarged;
  return side <= room ? side * Math.floor(room / side) : room;
}

async function scaled({ pixels, side }: Picture, shown: number): Promise<Uint8Array> {
  if (side === shown) return pixels;
  return await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .resize(shown, shown, { kernel: shown % side === 0 ? 'nearest' : 'lanczos3' })
    .raw()
    .toBuffer();
}

/** A PNG file of at least one picture, all of one size. */
export async function drawSheet(
  pictures: readonly Picture[],
  { title, note, columns }: SheetOptions,
): Promise<Buffer> {
  const side = sideShown(pictures[0]?.side ?? 1, columns);
  const lines = Math.max(...pictures.map(({ captions }) => captions.length));
  const rowHeight = side + captionGap + lines * captionLine + gap;
  const rows = Math.ceil(pictures.length / columns);
  const width = 2 * margin + columns * (side + gap) - gap;
  const height = header + rows * rowHeight + margin - gap;
  const canvas = new Uint8Array(width * height * 3).fill(255);
  const texts: Text[] = [
    {
      text: await shortened(title, width - 2 * margin, 18),
      x: margin,
      y: 30,
      size: 18,
      colour: '#111',
      bold: true,
    },
    {
      text: await shortened(note, width - 2 * margin, captionSize),
      x: margin,
      y: 50,
      size: captionSize,
      colour: '#555',
    },
  ];
  for (const [i, picture] of pictures.entries()) {
    const x = margin + (i % columns) * (side + gap);
    const y = header + Math.floor(i / columns) * rowHeight;
    const shown = await scaled(picture, side);
    for (let row = 0; row < side; row++) {
      const from = row * side * 3;
      canvas.set(shown.subarray(from, from + side * 3), ((y + row) * width + x) * 3);
    }
    for (const [line, caption] of picture.captions.entries()) {
      texts.push({
        text: await shortened(caption, side, captionSize),
        x: x + side / 2,
        y: y + side + captionGap + line * captionLine + captionSize - 2,
        size: captionSize,
        colour: line === 0 ? '#111' : '#777',
        centred: true,
      });
    }
  }
  return await sharp(canvas, { raw: { width, height, channels: 3 } })
    .composite([{ input: textLayer(width, height, texts) }])
    .png()
    .toBuffer();
}
