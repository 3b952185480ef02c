/** Checks and defaults of training options, in one voice: expected … for …, received …. */

import { expected } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { trainedLayers } from '../graph/shapes.js';
import { initialisations } from '../runtime/initialise.js';
import type { Recipe } from '../run/recipe.js';

function expect(fits: boolean, what: string, name: string, received: unknown): void {
  if (!fits) expected(what, name, JSON.stringify(received));
}

export function positiveInteger(name: string, value: number | undefined): void {
  if (value !== undefined)
    expect(Number.isSafeInteger(value) && value >= 1, 'a positive whole number', name, value);
}

export function checkSeed(seed: number): void {
  expect(Number.isSafeInteger(seed) && seed >= 0, 'a whole number of 0 or more', 'seed', seed);
}

export function checkRecipe(recipe: Recipe, graph: Graph): void {
  const positive = (name: string, value: number): void =>
    expect(Number.isFinite(value) && value > 0, 'a positive number', name, value);
  const fraction = (name: string, value: number): void =>
    expect(Number.isFinite(value) && value >= 0 && value < 1, 'a number from 0 to below 1', name, value);
  const notNegative = (name: string, value: number): void =>
    expect(Number.isFinite(value) && value >= 0, 'a number of 0 or more', name, value);
  positiveInteger('batch', recipe.batch);
  positive('epochs', recipe.epochs);
  positive('learning rate', recipe.learningRate);
  fraction('momentum', recipe.momentum);
  notNegative('weight decay', recipe.weightDecay);
  notNegative('bias rate', recipe.biasRate);
  notNegative('colour', recipe.augmentation.colour);
  positiveInteger('images sharing a draw', recipe.augmentation.sharedBy);
  expect(
    initialisations.includes(recipe.initialisation),
    `one of ${initialisations.join(', ')}`,
    'initialisation',
    recipe.initialisation,
  );
  const { schedule } = recipe;
  if (schedule.kind === 'plateau') {
    expect(
      Number.isFinite(schedule.factor) && schedule.factor > 1,
      'a number above 1',
      'factor',
      schedule.factor,
    );
    positiveInteger('patience', schedule.patience);
    expect(
      Number.isInteger(schedule.reductions) && schedule.reductions >= 0,
      'a whole number of 0 or more',
      'reductions',
      schedule.reductions,
    );
  } else if (schedule.kind === 'step') {
    for (const change of schedule.changes) {
      notNegative('epoch of a step', change.epoch);
      notNegative('times of a step', change.times);
    }
  } else expect(schedule.kind === 'constant', 'plateau, step or constant', 'schedule', schedule);
  const names = trainedLayers(graph).map(({ name }) => name);
  for (const name of Object.keys(recipe.layerRates)) {
    expect(names.includes(name), `one of ${names.join(', ')}`, 'a layer in layerRates', name);
  }
}
