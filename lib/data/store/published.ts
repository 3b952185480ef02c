/** Whether a store has all that its archives hold as they were published. */

import { count } from '../../text/numbers.js';
import { emptyClasses } from './empty-classes.js';
import type { ImageStore } from './types.js';

/** A sentence for each difference. */
export function differencesFromPublished(
  store: Pick<ImageStore, 'source' | 'labels' | 'splits' | 'classes'>,
): string[] {
  const { published } = store.source;
  if (!published) return [];
  const { train, validation } = store.splits;
  const differences: string[] = [];
  const trained = train.end - train.start;
  const classes = store.classes.length - emptyClasses(store).train.length;
  if (published.train && (trained !== published.train.images || classes !== published.train.classes))
    differences.push(
      `the store has ${count(trained)} training images in ${count(classes)} classes; ` +
        `ILSVRC-2012 has ${count(published.train.images)} in ${count(published.train.classes)}`,
    );
  const validated = validation ? validation.end - validation.start : 0;
  if (published.validation && validated !== published.validation.images)
    differences.push(
      `the store has ${count(validated)} validation images; ILSVRC-2012 has ${count(published.validation.images)}`,
    );
  return differences;
}
