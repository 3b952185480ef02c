/** What training does to an image, one step of the paper after the other (sections 2 and 4.1), in doubles. */

import type { Preprocessing } from '../../lib/graph/graph.js';

/** Row by row, red, green and blue of each pixel. */
interface Picture {
  readonly side: number;
  readonly values: Float64Array;
}

export interface Drawn {
  readonly top: number;
  readonly left: number;
  readonly reflected: boolean;
  /** Added to red, green, blue. */
  readonly shift: readonly [number, number, number];
  readonly scale: number;
}

type Place = (y: number, x: number, c: number) => number;

function picture(side: number, value: Place): Picture {
  const values = new Float64Array(side * side * 3);
  let next = 0;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) for (let c = 0; c < 3; c++) values[next++] = value(y, x, c);
  return { side, values };
}

const at =
  ({ side, values }: Picture): Place =>
  (y, x, c) =>
    values[(y * side + x) * 3 + c] as number;

const cropped = (from: Picture, side: number, top: number, left: number): Picture =>
  picture(side, (y, x, c) => at(from)(top + y, left + x, c));

const reflected = (from: Picture): Picture =>
  picture(from.side, (y, x, c) => at(from)(y, from.side - 1 - x, c));

const less = (from: Picture, mean: Picture): Picture =>
  picture(from.side, (y, x, c) => at(from)(y, x, c) - at(mean)(y, x, c));

const mapped = (from: Picture, change: (value: number, c: number) => number): Picture =>
  picture(from.side, (y, x, c) => change(at(from)(y, x, c), c));

/**
 * The network's input of an image of store × store × 3 bytes, as three planes of crop × crop. `mean` is an image of the same
 * shape, or a colour.
 */
export function networkInput(
  bytes: Uint8Array,
  mean: Float32Array,
  { store, crop, meanAt, order, deviation }: Preprocessing,
  drawn: Drawn,
): Float64Array {
  const image: Picture = { side: store, values: Float64Array.from(bytes) };
  const meanImage: Picture =
    mean.length === 3
      ? picture(store, (_y, _x, c) => mean[c] as number)
      : { side: store, values: Float64Array.from(mean) };
  const turned = (each: Picture): Picture => (drawn.reflected ? reflected(each) : each);
  let seen: Picture;
  if (meanAt === 'crop') {
    // The text: the mean is subtracted from the whole image, before crops are taken.
    seen = turned(cropped(less(image, meanImage), crop, drawn.top, drawn.left));
  } else {
    // The authors' program: the mean's own centre, from whatever crop was taken.
    const middle = Math.floor((store - crop) / 2);
    seen = less(
      turned(cropped(image, crop, drawn.top, drawn.left)),
      cropped(meanImage, crop, middle, middle),
    );
  }
  seen = mapped(seen, (value, c) => value + (drawn.shift[c] as number));
  seen = mapped(seen, (value) => value * drawn.scale);
  seen = mapped(seen, (value, c) => value / (deviation[c] as number));
  const planes = order === 'rgb' ? [0, 1, 2] : [2, 1, 0];
  return Float64Array.from(
    planes.flatMap((c) =>
      Array.from({ length: crop * crop }, (_, i) => at(seen)(Math.floor(i / crop), i % crop, c)),
    ),
  );
}
