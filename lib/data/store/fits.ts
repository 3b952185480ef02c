/** Whether a store's images are those that a network reads. */

import { AlexNetError } from '../../errors.js';
import type { Preprocessing } from '../../graph/graph.js';
import { shellWord } from '../../shell-word.js';
import type { ImageStore } from './types.js';

/** Throws AlexNetError DATA with the command that makes a store that fits. */
export function checkFits(
  { path, size, fit, source }: Pick<ImageStore, 'path' | 'size' | 'fit' | 'source'>,
  wanted: Pick<Preprocessing, 'store' | 'fit'>,
): void {
  if (size === wanted.store && fit === wanted.fit) return;
  const described = (side: number, by: Preprocessing['fit']): string =>
    `${side} × ${side} pixels, ${by === 'crop' ? 'cropped' : 'warped'}`;
  const out = `${path.replace(/\/+$/, '')}-${wanted.store}${wanted.fit === 'warp' ? '-warp' : ''}`;
  throw new AlexNetError(
    'DATA',
    `${path} has images of ${described(size, fit)}; the network reads ${described(wanted.store, wanted.fit)}: ` +
      `alexnet-native prepare ${shellWord(source.path)} --size ${wanted.store} --fit ${wanted.fit} --out ${shellWord(out)}`,
  );
}
