/** Learning rates of every weight and bias tensor, as a pure function of the recipe and the run's position. */

import type { Graph } from '../graph/graph.js';
import { trainedLayers } from '../graph/shapes.js';
import type { Plateau } from '../run/training-state.js';
import type { Change, Recipe } from '../run/recipe.js';

/** The multiple of the last change at or before this epoch. */
function timesAt(changes: readonly Change[], epoch: number): number | undefined {
  return changes.filter((change) => change.epoch <= epoch).at(-1)?.times;
}

/** The run's learning rate, before layers' and biases' own. `reductions`: how often a plateau has divided it. */
export function baseRate(recipe: Recipe, epoch: number, reductions: number): number {
  switch (recipe.schedule.kind) {
    case 'plateau':
      return recipe.learningRate / recipe.schedule.factor ** reductions;
    case 'step':
      return recipe.learningRate * (timesAt(recipe.schedule.changes, epoch) ?? 1);
    case 'constant':
      return recipe.learningRate;
  }
}

/** Two a layer that learns, in the graph's order, weights then biases: a plan's Shard.rate indexes them. */
export function learningRates(recipe: Recipe, graph: Graph, epoch: number, reductions: number): number[] {
  const base = baseRate(recipe, epoch, reductions);
  return trainedLayers(graph).flatMap(({ name }) => {
    const own = (changes: readonly Change[], otherwise: number): number => {
      const times = timesAt(changes, epoch);
      return times === undefined ? otherwise : recipe.learningRate * times;
    };
    const weights = own(recipe.layerRates[name] ?? [], base);
    const biases = own(recipe.biasRates ?? [], weights * recipe.biasRate);
    // A frozen layer is frozen whole.
    return [weights, weights === 0 ? 0 : biases];
  });
}

export const freshPlateau: Plateau = { best: null, validationsSince: 0, reductions: 0 };

/** The paper's heuristic (section 5): divide the rate when the validation error stops improving. */
export function afterValidation(recipe: Recipe, state: Plateau, top1Error: number): Plateau {
  if (state.best === null || top1Error < state.best)
    return { ...state, best: top1Error, validationsSince: 0 };
  const validationsSince = state.validationsSince + 1;
  const { schedule } = recipe;
  if (
    schedule.kind === 'plateau' &&
    validationsSince >= schedule.patience &&
    state.reductions < schedule.reductions
  ) {
    return { ...state, validationsSince: 0, reductions: state.reductions + 1 };
  }
  return { ...state, validationsSince };
}
