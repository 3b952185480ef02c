/** What is wrong with a store as a whole, a sentence each. */

import { differencesFromPublished } from './published.js';
import type { ImageStore } from './types.js';

type Measured = Pick<ImageStore, 'source' | 'labels' | 'splits' | 'classes' | 'meanColour' | 'covariance'>;

/**
 * Grey levels of 255. Values up to 4,095 in 16-bit files become levels up to 16, for which the mean and three standard deviations
 * are 8 + 8√10 at most.
 */
const dark = 34;

export function warningsOf(store: Measured): string[] {
  return [...differencesFromPublished(store), ...darkness(store)];
}

function darkness({ meanColour, covariance }: Measured): string[] {
  const highest = Math.max(
    ...meanColour.map((mean, channel) => mean + 3 * Math.sqrt(covariance[channel]?.[channel] ?? 0)),
  );
  if (highest > dark) return [];
  return [
    `the images are nearly black: almost all values are below ${Math.ceil(highest)} of 255. 16-bit files are taken to use all ` +
      '16 bits; where their values end at 4,095, multiply them by 16 and prepare them again',
  ];
}
