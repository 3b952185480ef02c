/** What a run goes on with has to be its own. */

import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo/demo.js';
import { withoutDropout } from '../../lib/graph/edit.js';
import { preset } from '../../lib/graph/presets.js';
import { train } from '../../lib/train/train.js';
import type { TrainOptions } from '../../lib/train/types.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-resume-'));
  await drawDemoSet(join(folder, 'images'), { training: 6, validation: 2, seed: [7, 0] });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function finish(options: TrainOptions): Promise<void> {
  for await (const _ of train({ preset: 'mini', recipe: { batch: 4 }, ...options }));
}

it('a checkpoint of another network is refused, though its tensors fit', async () => {
  const data = join(folder, 'images');
  const [own, other] = [join(folder, 'own'), join(folder, 'other')];
  await finish({ data, steps: 1, out: own });
  const { graph } = preset('mini', 10);
  await finish({ data, steps: 1, out: other, graph: withoutDropout({ ...graph, name: 'undropped' }) });
  const checkpoint = join('checkpoints', 'last.safetensors');
  await copyFile(join(other, checkpoint), join(own, checkpoint));
  await expect(finish({ resume: own, steps: 2 })).rejects.toThrow(
    `${join(own, checkpoint)} is of network undropped, and not of this run's, mini; put the run's own checkpoint back`,
  );
});
