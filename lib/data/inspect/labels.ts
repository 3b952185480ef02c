/** Names under pictures: in any script, shortened to what fits, as SVG. */

import sharp from 'sharp';

/** A family that every system has something for; missing scripts come from whatever font has them. */
const family = 'sans-serif';

/** One line without what XML cannot hold. */
export const printable = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\p{Cc}\uFFFE\uFFFF]|\p{Surrogate}/gu, '\uFFFD')
    .trim();

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Pixels that a line of text takes. */
async function widthOf(text: string, size: number): Promise<number> {
  if (text.trim() === '') return 0;
  const drawn = sharp({ text: { text: escaped(text), font: `${family} ${size}`, dpi: 72 } });
  // Nothing is drawn for some characters.
  return await drawn.metadata().then(
    ({ width }) => width,
    () => 0,
  );
}

const characters = new Intl.Segmenter();

/** The text, or as much of its beginning as fits before an ellipsis. */
export async function shortened(text: string, width: number, size: number): Promise<string> {
  const whole = printable(text);
  if ((await widthOf(whole, size)) <= width) return whole;
  const parts = Array.from(characters.segment(whole), ({ segment }) => segment);
  let [fits, exceeds] = [0, parts.length];
  while (exceeds - fits > 1) {
    const middle = (fits + exceeds) >> 1;
    const shorter = `${parts.slice(0, middle).join('')}…`;
    if ((await widthOf(shorter, size)) <= width) fits = middle;
    else exceeds = middle;
  }
  return `${parts.slice(0, fits).join('').trimEnd()}…`;
}

export interface Text {
  readonly text: string;
  /** Where its baseline begins, or its middle where it is centred. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly colour: string;
  readonly bold?: boolean;
  readonly centred?: boolean;
}

/** A picture of texts on nothing. */
export function textLayer(width: number, height: number, texts: readonly Text[]): Buffer {
  const lines = texts.map(({ text, x, y, size, colour, bold, centred }) => {
    const anchor = centred ? ' text-anchor="middle"' : '';
    const weight = bold ? ' font-weight="bold"' : '';
    return `<text x="${x}" y="${y}" font-size="${size}" fill="${colour}"${weight}${anchor}>${escaped(text)}</text>`;
  });
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="${family}">${lines.join('')}</svg>`,
  );
}
