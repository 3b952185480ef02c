/** Files that could not be used: never fatal, never silent. */

import { count, plural } from '../../lib/text/numbers.js';

const shown = 10;

export function skippedLines(
  skipped: readonly { readonly file: string; readonly reason: string }[],
): string[] {
  if (skipped.length === 0) return [];
  const more = skipped.length - shown;
  return [
    `skipped ${plural(skipped.length, 'file')}:`,
    ...skipped.slice(0, shown).map(({ file, reason }) => `  ${file}: ${reason}`),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
  ];
}
