/** A bar of a given width, and lines that leave out their least important fields when they have to. */

export function bar(fraction: number, width: number): string {
  const inside = Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0));
  const full = Math.round(inside * width);
  return '━'.repeat(full) + '─'.repeat(width - full);
}

export interface Field {
  readonly text: string;
  /** 1 goes last; fields with higher numbers are left out first where space is short. */
  readonly rank: number;
}

const gap = '  ';
const narrowest = 8;
const widest = 40;

/** Fields with a bar behind the first one that takes what is left of the line. */
export function barLine(fields: readonly Field[], fraction: number, columns: number): string {
  const kept = [...fields];
  const taken = (): number => kept.reduce((sum, { text }) => sum + text.length + gap.length, 0);
  while (kept.length > 1 && taken() + narrowest > columns) {
    const leastImportant = Math.max(...kept.map(({ rank }) => rank));
    kept.splice(
      kept.findIndex(({ rank }) => rank === leastImportant),
      1,
    );
  }
  const [first, ...rest] = kept.map(({ text }) => text);
  const space = Math.min(widest, columns - taken());
  const parts = [first ?? '', ...(space >= narrowest ? [bar(fraction, space)] : []), ...rest];
  return parts.join(gap).slice(0, columns);
}
