/** Columns that line up. */

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

function aligned(text: string, cells: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, cells - text.length));
  return align === 'left' ? text + space : space + text;
}

/** The title line first, then one line a row; a row may be shorter than the columns. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  indent = '',
): string[] {
  const cells = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    indent + columns.map(({ align }, i) => aligned(row[i] ?? '', cells[i] ?? 0, align)).join('  ');
  return [columns.map(({ title }) => title), ...rows].map((row) => line(row).trimEnd());
}

/** Names and what they are, without a title line. */
export function list(entries: readonly (readonly [name: string, value: string])[], indent = ''): string[] {
  const column: Column = { title: '', align: 'left' };
  return table([column, column], entries, indent).slice(1);
}
