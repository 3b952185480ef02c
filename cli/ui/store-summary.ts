/** What is in a store, as `prepare` ends with and `inspect` begins with. */

import { partsText, some } from '../../lib/data/sources/parts.js';
import { emptyClasses } from '../../lib/data/store/empty-classes.js';
import { warningsOf } from '../../lib/data/store/warnings.js';
import type { ImageStore, SkippedItem } from '../../lib/data/store/types.js';
import { bytes, count, plural } from '../../lib/text/numbers.js';
import type { Style } from './style.js';
import { list } from '../../lib/text/table.js';

/** Reasons shown; the file has them all. */
const shown = 5;

interface ReasonCount {
  readonly reason: string;
  readonly count: number;
}

/** The commonest first. */
function reasonsOf(skipped: readonly SkippedItem[]): ReasonCount[] {
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, times]) => ({ reason, count: times }))
    .toSorted((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}

const lengthOf = (range: ImageStore['splits']['validation']): number => (range ? range.end - range.start : 0);

/** Everything the summary says, as data. */
export function summaryOf(store: ImageStore, skipped: readonly SkippedItem[]) {
  const { size, fit, encoding, digest, meanColour } = store;
  const { deviations } = store.colour;
  const { train, validation } = store.splits;
  return {
    size,
    fit,
    encoding,
    images: { train: lengthOf(train), validation: lengthOf(validation) },
    classes: store.classes.length,
    parts: store.source.parts ?? null,
    emptyClasses: emptyClasses(store),
    published: store.source.published ?? null,
    warnings: warningsOf(store),
    skipped: store.skipped,
    reasons: reasonsOf(skipped),
    bytes: store.bytes,
    meanColour,
    eigenvalues: deviations.map((deviation) => deviation ** 2),
    deviations,
    digest,
  };
}

/** What is wrong with a store as a whole, said first. */
export const warningLines = ({ warnings }: Summary, { warning }: Style): string[] =>
  warnings.map((text) => warning(`  warning: ${text}`));

export type Summary = ReturnType<typeof summaryOf>;

const emptyLines = ({ emptyClasses: { train, validation } }: Summary): [name: string, value: string][] => [
  ...(train.length > 0 ? [['without training', some(train)] satisfies [string, string]] : []),
  ...(validation.length > 0 ? [['without validation', some(validation)] satisfies [string, string]] : []),
];

/** `others` are lines about the store itself that only some commands have. */
export function summaryLines(
  folder: string,
  summary: Summary,
  others: readonly (readonly [name: string, value: string])[] = [],
): string[] {
  const { size, fit, encoding, images, reasons, parts } = summary;
  const numbers = (values: readonly number[], digits: number): string =>
    values.map((value) => value.toFixed(digits)).join(', ');
  const records = encoding.kind === 'raw' ? 'raw' : `JPEG quality ${encoding.quality}`;
  const more = reasons.length - shown;
  return [
    ...list(
      [
        ['records', `${size} × ${size} pixels, ${fit === 'crop' ? 'cropped' : 'warped'}, ${records}`],
        ['training', plural(images.train, 'image')],
        ['validation', plural(images.validation, 'image')],
        ['classes', count(summary.classes)],
        ...(parts ? [['parts', partsText(parts)] as const] : []),
        ...emptyLines(summary),
        ['size', bytes(summary.bytes)],
        ['mean colour', numbers(summary.meanColour, 2)],
        ['eigenvalues', `${numbers(summary.eigenvalues, 1)} of the colours' covariance`],
        ['deviations', numbers(summary.deviations, 2)],
        ['digest', summary.digest],
        ...others,
        [
          'skipped',
          summary.skipped === 0 ? 'none' : `${count(summary.skipped)}, each in ${folder}/skipped.jsonl`,
        ],
      ],
      '  ',
    ),
    ...reasons.slice(0, shown).map((each) => `    ${count(each.count)} × ${each.reason}`),
    ...(more > 0 ? [`    and ${plural(more, 'more reason')}`] : []),
  ];
}
