/** A source that needs no files: small images of random pixels. */

import type { Source, SourceImage } from '../../../../lib/data/sources/types.js';

export interface Synthetic {
  readonly items: number;
  /** Items from there on are for validation; default: all are for training. */
  readonly training?: number;
  readonly side?: number;
  readonly classes?: Source['classes'];
  /** Instead of what an item would be. */
  readonly change?: (index: number) => Partial<SourceImage> | { readonly reason: string } | undefined;
}

/** Pixels of item `index`; every image has its own. */
export function pixelsAt(index: number, side: number): Uint8Array {
  const pixels = new Uint8Array(side * side * 3);
  let state = Math.imul(index + 1, 2654435761) >>> 0;
  for (let p = 0; p < pixels.length; p++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pixels[p] = state >>> 24;
  }
  return pixels;
}

export const labelAt = (index: number): number => (index * 7) % 10;

/** Small images of random pixels, in ten classes. */
export function synthetic(options: Synthetic): Source {
  const { items, training = items, side = 8, change } = options;
  const digits = Array.from({ length: 10 }, (_, digit) => ({ name: `digit ${digit}` }));
  return {
    kind: 'folder',
    path: 'synthetic',
    fingerprint: `${items}/${training}/${side}`,
    classes: options.classes === undefined ? digits : options.classes,
    images: items,
    bytes: items,
    native: { side },
    async *items(from) {
      for (let index = (from as number | null) ?? 0; index < items; index++) {
        const place = { name: `item ${index}`, next: index + 1, bytesRead: index + 1 };
        const changed = change?.(index);
        if (changed && 'reason' in changed) {
          yield { ...place, reason: changed.reason };
          continue;
        }
        yield {
          ...place,
          label: labelAt(index),
          split: index < training ? ('train' as const) : ('validation' as const),
          content: { pixels: pixelsAt(index, side), side },
          ...changed,
        };
      }
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}
