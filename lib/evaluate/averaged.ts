/** Class probabilities of images, averaged over their views. */

import { evaluationViews, viewRows } from '../data/batches/views.js';
import type { Network } from '../runtime/network.js';

/** Each batch with its images' probabilities, batch × classes. */
export async function* averaged<B extends { readonly images: Uint8Array }>(
  network: Network,
  batches: AsyncIterable<B>,
  kind: 1 | 10,
): AsyncGenerator<B & { readonly probabilities: Float64Array }> {
  const { batch, classes } = network;
  const { store, crop } = network.options.preprocessing;
  const views = evaluationViews(kind, store, crop);
  const labels = new Int32Array(batch).fill(-1);
  for await (const each of batches) {
    const sum = new Float64Array(batch * classes);
    for (const [place, view] of views.entries()) {
      // The images are uploaded with the first view and stay on the devices for the others.
      const { probabilities } = await network.infer({
        views: viewRows(view, batch),
        labels,
        ...(place === 0 && { images: each.images }),
      });
      for (let i = 0; i < sum.length; i++)
        sum[i] = (sum[i] as number) + (probabilities[i] as number) / views.length;
    }
    yield { ...each, probabilities: sum };
  }
}

/** Those of a batch's image `n`. */
export const probabilitiesOf = ({ classes }: Network, probabilities: Float64Array, n: number): Float64Array =>
  probabilities.subarray(n * classes, (n + 1) * classes);
