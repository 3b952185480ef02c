/** From decoded images to the network's input (paper, sections 2 and 4.1). */

import { expected, finite, naturalNumber, oneOf, positive, positiveInteger } from './arguments.js';
import { Call } from './call.js';
import type { OpsOptions } from './device.js';
import { checkShape, checkTensor, type Tensor } from './tensor.js';

/** What the network sees of one image. */
export interface View {
  /** The crop's first row and column in the stored image. */
  readonly top: number;
  readonly left: number;
  /** Reflect the crop horizontally; false when absent. */
  readonly flip?: boolean;
  /** Added to red, green and blue: [p1, p2, p3]·[α1√λ1, α2√λ2, α3√λ3]ᵀ (paper, section 4.1, with √λ for λ); 0 when absent. */
  readonly shift?: readonly [red: number, green: number, blue: number];
  /** What everything is multiplied by; 1 when absent. */
  readonly scale?: number;
}

export interface PreprocessArguments {
  /** N×S×T×3 bytes, red first: images as decoders give them. */
  readonly images: Tensor<Uint8Array>;
  /** One for each image. */
  readonly views: readonly View[];
  /** The mean image S×T×3, or the mean colour, 3 numbers; in 0 to 255. */
  readonly mean: Tensor<Float32Array>;
  /** Rows and columns of the crop. */
  readonly size: readonly [height: number, width: number];
  /** 'crop' (when absent) reads the mean image where the pixel came from; 'centre' always its centre crop. */
  readonly meanAt?: 'crop' | 'centre';
  /** The order of the result's channels; 'rgb' when absent. */
  readonly order?: 'rgb' | 'bgr';
  /** What red, green and blue are divided by; 1 when absent. */
  readonly deviation?: readonly [red: number, green: number, blue: number];
}

const viewFields = 8;

function viewRows(views: readonly View[], images: readonly number[], size: readonly number[]): Float32Array {
  const [count = 0, height = 0, width = 0] = images;
  if (views.length !== count) expected(`${count} views`, 'views', views.length);
  const rows = new Float32Array(count * viewFields);
  views.forEach((view, i) => {
    const [bottom, right] = [height - size[0]!, width - size[1]!];
    if (naturalNumber(`views[${i}].top`, view.top) > bottom) {
      expected(`at most ${bottom}`, `views[${i}].top`, view.top);
    }
    if (naturalNumber(`views[${i}].left`, view.left) > right) {
      expected(`at most ${right}`, `views[${i}].left`, view.left);
    }
    const shift = (view.shift ?? [0, 0, 0]).map((one) => finite(`views[${i}].shift`, one));
    const scale = finite(`views[${i}].scale`, view.scale ?? 1);
    rows.set([view.top, view.left, view.flip ? 1 : 0, ...shift, scale, 0], i * viewFields);
  });
  return rows;
}

/**
 * Crops, reflects, subtracts the mean, shifts the colours (paper, sections 2 and 4.1):
 * y(c, i, j) = scale / deviation_c · (image(top + i, left + j′, c) − mean + shift_c), j′ = flip ? W − 1 − j : j.
 * N×3×H×W.
 */
export async function preprocess(args: PreprocessArguments, options: OpsOptions = {}): Promise<Tensor> {
  const { images, mean, size } = args;
  if (!(images?.data instanceof Uint8Array)) expected('a Uint8Array', 'images.data', images?.data);
  checkShape('images', images, 4);
  if (images.shape[3] !== 3) expected('N×S×T×3', 'images.shape', images.shape);
  checkTensor('mean', mean);
  const [, rows = 1, columns = 1] = images.shape;
  const isColour = mean.shape.length === 1 && mean.data.length === 3;
  const isImage = mean.shape.join('×') === `${rows}×${columns}×3`;
  if (!isColour && !isImage) expected(`3 or ${rows}×${columns}×3`, 'mean.shape', mean.shape);
  positiveInteger('size[0]', size[0]);
  positiveInteger('size[1]', size[1]);
  if (size[0] > rows || size[1] > columns) expected(`at most ${rows}×${columns}`, 'size', size);
  const views = viewRows(args.views, images.shape, size);
  const [red, green, blue] = args.deviation ?? [1, 1, 1];
  const deviation = [red, green, blue].map((one, i) => positive(`deviation[${i}]`, one));
  const meanAt = oneOf('meanAt', args.meanAt ?? 'crop', ['crop', 'centre']);
  const order = oneOf('order', args.order ?? 'rgb', ['rgb', 'bgr']);
  const call = new Call();
  const count = images.shape[0]!;
  const y = call.output([count, 3, ...size], 'float32');
  const operands = {
    images: call.flat(images, [count, rows, columns, 3]),
    views: call.flat({ data: views, shape: [count, viewFields] }, [count, 1, 1, viewFields]),
    mean: call.flat(mean, isColour ? [1, 1, 1, 3] : [1, rows, columns, 3]),
  };
  const parameters = { meanAt, order, deviation: [deviation[0]!, deviation[1]!, deviation[2]!] } as const;
  await call.run(options, [{ op: 'preprocess', ...operands, y: y.place, ...parameters }]);
  return y.tensor();
}
