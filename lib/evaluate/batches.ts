/** Images decoded one batch ahead of the devices (prefetched), for evaluation, classification and embedding. */

import type { Preprocessing } from '../graph/graph.js';
import { decodeImage, type ImageSource } from '../data/images/decode.js';

export interface DecodedBatch {
  /** batch × store × store × 3; places past `indices.length` repeat nothing and are not to be counted. */
  readonly images: Uint8Array;
  /** Which of the sources the first places hold. */
  readonly indices: readonly number[];
}

/** Decodes at once; enough to keep two cores busy without holding many large images. */
const concurrency = 4;

/** Yields full batches (the last may be short); a source that cannot be decoded goes to `onFailure`. */
export async function* decodedBatches(
  sources: readonly ImageSource[],
  batch: number,
  preprocessing: Preprocessing,
  onFailure: (index: number, reason: string) => void,
  signal?: AbortSignal,
): AsyncGenerator<DecodedBatch> {
  let next = 0;
  const record = preprocessing.store ** 2 * 3;
  const fill = async (): Promise<DecodedBatch> => {
    const images = new Uint8Array(batch * record);
    const indices: number[] = [];
    while (indices.length < batch && next < sources.length) {
      signal?.throwIfAborted();
      const chosen: number[] = [];
      while (chosen.length < Math.min(concurrency, batch - indices.length) && next < sources.length)
        chosen.push(next++);
      const decoded = await Promise.all(
        chosen.map(async (i) => await decodeImage(sources[i] as ImageSource, preprocessing)),
      );
      decoded.forEach((result, i) => {
        const index = chosen[i] as number;
        if ('reason' in result) return onFailure(index, result.reason);
        images.set(result.pixels, indices.length * record);
        indices.push(index);
      });
    }
    return { images, indices };
  };
  let ahead = fill();
  for (;;) {
    const ready = await ahead;
    if (ready.indices.length === 0) return;
    ahead = fill();
    // A failure shows when this batch is asked for, not as an unhandled rejection.
    ahead.catch(() => undefined);
    yield ready;
  }
}
