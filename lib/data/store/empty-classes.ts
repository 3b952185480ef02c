/** Classes of a store without images: prepared so on purpose, or all of their images were skipped. */

import type { ImageStore, Range } from './types.js';

export interface EmptyClasses {
  readonly train: readonly string[];
  /** None where there are no images for validation at all. */
  readonly validation: readonly string[];
}

/** Names, in the order of the labels. */
export function emptyClasses({
  labels,
  splits,
  classes,
}: Pick<ImageStore, 'labels' | 'splits' | 'classes'>): EmptyClasses {
  const empty = ({ start, end }: Range): string[] => {
    const found = new Uint8Array(classes.length);
    for (let index = start; index < end; index++) found[labels[index] as number] = 1;
    return classes.flatMap(({ name }, label) => (found[label] === 0 ? name : []));
  };
  return { train: empty(splits.train), validation: splits.validation ? empty(splits.validation) : [] };
}
