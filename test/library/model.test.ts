/** The package as a program uses it: make, train, save, load, classify, embed, evaluate. */

import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo/demo.js';
import { createModel, loadModel, train, type TrainEvent } from '../../lib/index.js';

let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);
const classes = ['a', 'b', 'c'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-library-'));
  await drawDemoSet(at('images'), { training: 5, validation: 2, seed: [3, 0] });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const image = async (name: string, n = 0): Promise<string> => {
  const path = at('images', 'val', name);
  return join(path, (await readdir(path)).toSorted()[n] as string);
};

const bytes = (values: Float32Array | undefined): Buffer => Buffer.from(values?.buffer ?? new ArrayBuffer());

describe('a model', () => {
  it('gives probabilities that add up to 1, most likely first, from files and from bytes alike', async () => {
    await using model = await createModel({ preset: 'mini', classes });
    const path = await image('disc');
    const [fromFile, fromBytes] = await model.classify([path, await readFile(path)], { top: 3 });
    expect(fromFile?.predictions).toEqual(fromBytes?.predictions);
    const probabilities = fromFile?.predictions?.map(({ probability }) => probability) ?? [];
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
    expect(fromFile?.predictions?.map(({ label }) => label).toSorted()).toEqual(classes);
  });

  it('goes on past an image it cannot read, and says so in its place', async () => {
    await writeFile(at('text.jpg'), 'not an image');
    await using model = await createModel({ preset: 'mini', classes });
    const results = await model.classify([at('text.jpg'), await image('star'), at('missing.jpg')]);
    expect(results.map(({ error }) => error !== undefined)).toEqual([true, false, true]);
  });

  it('embeds as what its classifier reads: an image like itself, and unlike another', async () => {
    await using model = await createModel({ preset: 'mini', classes });
    const [one, same, other] = await model.embed([
      await image('disc'),
      await image('disc'),
      await image('stripes'),
    ]);
    expect(one?.features).toHaveLength(256);
    expect(same?.features).toEqual(one?.features);
    expect(other?.features).not.toEqual(one?.features);
  });

  it('does not depend on the batch it travels in, nor on the number of devices', async () => {
    const paths = [await image('ring'), await image('cross'), await image('dots')];
    await using alone = await createModel({ preset: 'mini', classes, batch: 1 });
    await using together = await createModel({
      preset: 'mini',
      classes,
      batch: 8,
      devices: 'cpu:0/2,cpu:1/2',
    });
    const [a, b] = [
      await alone.classify(paths, { views: 10 }),
      await together.classify(paths, { views: 10 }),
    ];
    a.forEach(({ predictions }, i) =>
      predictions?.forEach(({ label, probability }) => {
        const match = b[i]?.predictions?.find((prediction) => prediction.label === label);
        expect(match?.probability).toBeCloseTo(probability, 5);
      }),
    );
  });

  it('comes back from a file as it was', async () => {
    const path = at('model.safetensors');
    const paths = [await image('spiral')];
    await using model = await createModel({ preset: 'mini', classes, seed: 5 });
    await model.save(path);
    await using loaded = await loadModel(path, { devices: 'cpu:0/2,cpu:1/2' });
    expect(loaded.classes).toEqual(classes);
    for (const [name, values] of model.parameters()) {
      expect(Buffer.compare(bytes(loaded.parameters().get(name)), bytes(values)), name).toBe(0);
    }
    const [before, after] = [await model.classify(paths), await loaded.classify(paths)];
    expect(after[0]?.predictions?.[0]?.label).toBe(before[0]?.predictions?.[0]?.label);
  });

  it('refuses images of classes it does not know, naming one', async () => {
    await using model = await createModel({ preset: 'mini', classes });
    await expect(model.evaluate(at('images'))).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringMatching(/the model has no class checkerboard; it knows 3: a, b, c/) as unknown,
    });
  });

  it('refuses images of a class that it has twice', async () => {
    await using model = await createModel({ preset: 'mini', classes: ['checkerboard', 'checkerboard', 'x'] });
    await expect(model.evaluate(at('images'))).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringMatching(/several classes named checkerboard; expected all of its 3/) as unknown,
    });
  });

  it.each([
    ['top', { top: 0 }],
    ['top', { top: 1.5 }],
  ])('refuses a bad %s', async (name, options) => {
    await using model = await createModel({ preset: 'mini', classes });
    await expect(model.classify([], options)).rejects.toThrow(`expected a positive whole number for ${name}`);
  });
});

describe('training from a program', () => {
  const options = { preset: 'mini', recipe: { batch: 10 } } as const;

  it('stops when asked to, saved, and goes on to the end later', async () => {
    const stop = new AbortController();
    const events: TrainEvent[] = [];
    for await (const event of train({
      ...options,
      data: at('images'),
      steps: 8,
      out: at('run'),
      signal: stop.signal,
    })) {
      events.push(event);
      if (event.kind === 'step' && event.step === 3) stop.abort();
    }
    const done = events.at(-1);
    expect(done).toMatchObject({ kind: 'done', steps: 3, interrupted: true });
    for await (const event of train({ resume: at('run') })) events.push(event);
    expect(events.at(-1)).toMatchObject({ kind: 'done', steps: 8, interrupted: false });
    await using model = await loadModel(at('run'));
    expect(await model.evaluate(at('images'))).toMatchObject({ images: 20, skipped: [] });
  });
});
