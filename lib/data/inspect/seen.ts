/** What the network sees of images in training, as pictures: through the devices' own preprocessing. */

import type { Preprocessing } from '../../graph/graph.js';
import { preprocess, type PreprocessArguments, type View } from '../../ops/preprocess.js';
import type { Seed } from '../../random/philox.js';
import { trainingViews, type Augmenting } from '../batches/augment.js';
import type { ImageStore } from '../store/types.js';
import { pixelsOf, recordPictures } from './records.js';
import type { Picture } from './sheet.js';

export interface SeenOptions {
  readonly preprocessing: Preprocessing;
  readonly augmenting: Augmenting;
  readonly seed: Seed;
  /** Training views of each image. */
  readonly views: number;
}

/**
 * Each image's record, then its views in as many training steps, with the mean and the deviation restored.
 * Throws AlexNetError DATA for a damaged record.
 */
export async function seenPictures(
  store: ImageStore,
  indices: readonly number[],
  options: SeenOptions,
): Promise<Picture[]> {
  const { preprocessing, augmenting, seed } = options;
  const { crop, mean, meanAt, order, deviation } = preprocessing;
  const count = indices.length;
  const shape = [count, store.size, store.size, 3];
  const images = { data: Uint8Array.from(await pixelsOf(store, indices)), shape };
  const black = { data: new Uint8Array(images.data.length), shape };
  const common: Omit<PreprocessArguments, 'images' | 'views'> = {
    mean:
      mean === 'image'
        ? { data: store.meanImage, shape: shape.slice(1) }
        : { data: Float32Array.from(store.meanColour), shape: [3] },
    size: [crop, crop],
    meanAt,
    order,
    deviation,
  };
  const records = await recordPictures(store, indices);
  const pictures = records.map((record): Picture[] => [record]);
  for (let step = 0; step < options.views; step++) {
    const rows = trainingViews(count, store.size, crop, augmenting, store.colour, seed, step);
    const views = indices.map((_, n) => viewOf(rows.subarray(8 * n, 8 * n + 8)));
    const input = await preprocess({ ...common, images, views });
    // For a black image without a shift, the network's input is the negative mean.
    const plain = views.map(({ top, left, flip = false }): View => ({ top, left, flip }));
    const less = await preprocess({ ...common, images: black, views: plain });
    const each = 3 * crop * crop;
    views.forEach((view, n) => {
      const range = [n * each, (n + 1) * each] as const;
      const planes = (from: typeof input) => from.data.subarray(...range);
      pictures[n]?.push({
        pixels: toPixels(planes(input), planes(less), preprocessing),
        side: crop,
        captions: captionsOf(view),
      });
    });
  }
  return pictures.flat();
}

function viewOf(row: Float32Array): View {
  const [top, left, flip, red, green, blue, scale] = Array.from(row) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { top, left, flip: flip === 1, shift: [red, green, blue], scale };
}

/** Three planes of what the network reads, less the mean, to RGB bytes. */
function toPixels(
  input: ArrayLike<number>,
  less: ArrayLike<number>,
  { order, deviation }: Preprocessing,
): Uint8Array {
  const plane = input.length / 3;
  const pixels = new Uint8ClampedArray(input.length);
  for (let c = 0; c < 3; c++) {
    const from = plane * (order === 'rgb' ? c : 2 - c);
    for (let i = 0; i < plane; i++)
      pixels[3 * i + c] =
        ((input[from + i] as number) - (less[from + i] as number)) * (deviation[c] as number);
  }
  return new Uint8Array(pixels.buffer);
}

const signed = (value: number): string => {
  const whole = Math.round(value);
  return whole < 0 ? `−${-whole}` : `+${whole}`;
};

function captionsOf({ top, left, flip, shift = [0, 0, 0], scale = 1 }: View): string[] {
  const divided = scale === 1 ? '' : `, ÷ ${Number((1 / scale).toFixed(2))}`;
  const colours = shift.some((part) => part !== 0)
    ? `colour ${shift.map(signed).join(' ')}`
    : 'colour as it is';
  return [`from ${top}, ${left}${flip ? ', reflected' : ''}`, `${colours}${divided}`];
}
