/** What train is told by flags and a recipe file. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Given } from '../../cli/command.js';
import { trainOptionsFrom } from '../../cli/recipe/options.js';
import { recipes } from '../../lib/train/recipes.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-recipe-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const options = async (given: Record<string, unknown>) => await trainOptionsFrom(new Given(given));
async function withFile(content: unknown, given: Record<string, unknown> = {}) {
  const file = join(folder, 'recipe.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return await options({ ...given, config: file });
}

describe('flags', () => {
  it('that were not given change nothing', async () => {
    expect(await options({})).toEqual({ preset: 'mini', recipe: {} });
    expect(await options({ data: 'photos' })).toEqual({ preset: 'paper', data: 'photos', recipe: {} });
  });

  it('that were given change just what they say', async () => {
    const given = {
      preset: 'paper',
      batch: '32',
      momentum: '0.8',
      dropout: false,
      flip: false,
      seed: '7',
      steps: '9',
    };
    expect(await options(given)).toEqual({
      preset: 'paper',
      steps: 9,
      seed: 7,
      recipe: {
        batch: 32,
        momentum: 0.8,
        dropout: false,
        augmentation: { ...recipes.paper.augmentation, flip: false },
      },
    });
  });

  it('make a step schedule from epochs and a factor', async () => {
    const { recipe } = await options({ 'step-at': '30,60', 'learning-rate': '0.02', factor: '2' });
    expect(recipe?.schedule).toEqual({
      kind: 'step',
      changes: [
        { epoch: 30, times: 0.5 },
        { epoch: 60, times: 0.25 },
      ],
    });
  });

  it('keep what they do not name of the plateau schedule', async () => {
    const { recipe } = await options({ preset: 'paper', patience: '2' });
    expect(recipe?.schedule).toEqual({ kind: 'plateau', factor: 10, reductions: 3, patience: 2 });
  });

  it("leave a preset's own steps to follow the learning rate, and drop what belongs to a replaced schedule", async () => {
    expect((await options({ preset: 'authors', 'learning-rate': '0.005' })).recipe).toEqual({
      learningRate: 0.005,
    });
    expect((await options({ preset: 'authors', schedule: 'constant' })).recipe).toEqual({
      schedule: { kind: 'constant' },
      layerRates: {},
      biasRates: [],
    });
  });

  it('replace written-out rates of biases by a multiple', async () => {
    const { recipe } = await options({ preset: 'authors', 'bias-rate': '1' });
    expect(recipe).toEqual({ biasRate: 1, biasRates: [] });
  });

  it('with --resume are only length and devices', async () => {
    expect(await options({ resume: 'runs/a', steps: '5', devices: 'cpu' })).toEqual({
      resume: 'runs/a',
      steps: 5,
      devices: 'cpu',
    });
    await expect(options({ resume: 'runs/a', data: 'photos' })).rejects.toThrow(
      'DATA cannot be changed by --resume',
    );
  });
});

describe('a recipe file', () => {
  it('holds the names of Recipe and TrainOptions, and flags win', async () => {
    const file = {
      data: 'photos',
      preset: 'paper',
      epochs: 5,
      batch: 64,
      seed: 3,
      schedule: { kind: 'constant' },
      augmentation: { colour: 0 },
      layerRates: { conv1: [{ epoch: 2, times: 0 }] },
    };
    expect(await withFile(file, { batch: '16', steps: '10' })).toEqual({
      data: 'photos',
      preset: 'paper',
      steps: 10,
      seed: 3,
      recipe: {
        batch: 16,
        schedule: { kind: 'constant' },
        augmentation: { ...recipes.paper.augmentation, colour: 0 },
        layerRates: { conv1: [{ epoch: 2, times: 0 }] },
      },
    });
  });

  it.each([
    [{ bach: 3, foo: 1 }, /^unknown keys bach, foo in .*recipe\.json; known are preset, /],
    [{ batch: 'x' }, /^expected a positive whole number for batch in .*recipe\.json, received x$/],
    [{ dropout: 1 }, /^expected true or false for dropout in .*recipe\.json, received 1$/],
    [{ schedule: { kind: 'cosine' } }, /^expected plateau, step or constant for schedule\.kind in /],
    [{ schedule: { kind: 'constant', factor: 2 } }, /^unknown key factor in schedule in .*; known are kind$/],
    [{ augmentation: { crop: 'no' } }, /^expected true or false for augmentation\.crop in .*, received no$/],
    [
      { biasRates: [{ epoch: 1 }] },
      /^expected a number of 0 or more for biasRates\[0\]\.times in .*, received nothing$/,
    ],
    [{ epochs: 1, steps: 2 }, /^epochs and steps are given both/],
    [[1], /^expected an object for .*recipe\.json, received \[1\]$/],
    ['{"batch": ', /^.*recipe\.json is not JSON: /],
  ])('%j is refused with its place', async (content, message) => {
    await expect(withFile(content)).rejects.toThrow(message);
  });
});
