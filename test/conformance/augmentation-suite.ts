/** Every preset's training views through a backend's preprocessing, pixel by pixel against the plain reference. */

import { afterAll, describe, expect, it } from 'vitest';
import { trainingViews } from '../../lib/data/batches/augment.js';
import type { ColourAxes } from '../../lib/data/colour.js';
import { preset, presetNames } from '../../lib/graph/presets.js';
import { closeOps, preprocess, type OpsDevice } from '../../lib/ops.js';
import { recipes } from '../../lib/train/recipes.js';
import { networkInput, type Drawn } from './augmentation-reference.js';
import { Random, testSeed } from './random.js';

/** ImageNet's, of the authors' file. */
const colour: ColourAxes = {
  axes: [
    [0.5643, 0.5761, 0.5916],
    [0.7129, 0.0241, -0.7012],
    [0.418, -0.8168, 0.3972],
  ],
  deviations: [121.78, 37.09, 19.72],
};

export function augmentationSuite(device: OpsDevice, where: string, imagesEach = 2): void {
  describe(`training views on ${where}, every pixel (seed ${testSeed})`, () => {
    afterAll(closeOps);

    it.each(presetNames)('%s', async (name) => {
      const random = new Random(`augmentation ${name}`, 0);
      const { preprocessing } = preset(name, 10);
      const { store, crop } = preprocessing;
      const bytes = store ** 2 * 3;
      const images = Uint8Array.from({ length: imagesEach * bytes }, () => random.integer(0, 255));
      const isImage = preprocessing.mean === 'image';
      const mean = Float32Array.from(
        { length: isImage ? bytes : 3 },
        () => 110 + random.integer(0, 4000) / 100,
      );
      const seed = [random.word(), random.word()] as const;
      const rows = trainingViews(
        imagesEach,
        store,
        crop,
        recipes[name].augmentation,
        colour,
        seed,
        random.integer(0, 1000),
      );
      // A reflected one is among them.
      if (recipes[name].augmentation.flip) rows[2] = 1;
      const drawn = Array.from({ length: imagesEach }, (_, n): Drawn => {
        const [top, left, flip, r, g, b, scale] = rows.subarray(8 * n) as unknown as number[];
        return {
          top: top as number,
          left: left as number,
          reflected: flip === 1,
          shift: [r as number, g as number, b as number],
          scale: scale as number,
        };
      });
      const { data, shape } = await preprocess(
        {
          images: { data: images, shape: [imagesEach, store, store, 3] },
          mean: { data: mean, shape: isImage ? [store, store, 3] : [3] },
          views: drawn.map(({ top, left, reflected, shift, scale }) => ({
            top,
            left,
            flip: reflected,
            shift,
            scale,
          })),
          size: [crop, crop],
          meanAt: preprocessing.meanAt,
          order: preprocessing.order,
          deviation: preprocessing.deviation,
        },
        { device },
      );
      expect(shape).toEqual([imagesEach, 3, crop, crop]);
      const each = 3 * crop * crop;
      drawn.forEach((view, n) => {
        const expected = networkInput(images.subarray(n * bytes, (n + 1) * bytes), mean, preprocessing, view);
        let worst = 0;
        for (let i = 0; i < each; i++) {
          const apart = Math.abs((data[n * each + i] as number) - (expected[i] as number));
          if (!(apart <= worst)) worst = apart;
        }
        // Four roundings of float32 of what is at most some 400 grey levels; a wrong pixel is off by far more.
        const levels = 400 / Math.min(...preprocessing.deviation);
        expect(worst).toBeLessThan(levels * 4 * 2 ** -24);
      });
    });
  });
}
