import { describe, expect, it } from 'vitest';
import { preset } from '../../../lib/graph/presets.js';
import { afterValidation, baseRate, freshPlateau, learningRates } from '../../../lib/train/rates.js';
import { recipes } from '../../../lib/train/recipes.js';

const { graph } = preset('authors', 1000);
const slot = { conv1: 0, conv2: 2, fc8: 14 };

describe('the plateau schedule', () => {
  const recipe = recipes.paper;

  it('divides the rate after `patience` validations without improvement, at most three times', () => {
    let state = freshPlateau;
    const rates: number[] = [];
    for (let i = 0; i < 40; i++) {
      state = afterValidation(recipe, state, 0.5);
      rates.push(baseRate(recipe, 0, state.reductions));
    }
    expect(rates.slice(0, 5)).toEqual([0.01, 0.01, 0.01, 0.01, 0.01]);
    expect(rates[5]).toBeCloseTo(0.001, 12);
    expect(rates.at(-1)).toBeCloseTo(0.00001, 12);
  });

  it('starts counting again after an improvement', () => {
    let state = freshPlateau;
    for (const error of [0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8])
      state = afterValidation(recipe, state, error);
    expect(state).toEqual({ best: 0.8, validationsSince: 4, reductions: 0 });
  });
});

describe("the authors' schedule", () => {
  const at = (epoch: number) => learningRates(recipes.authors, graph, epoch, 0);

  it('falls at epochs 23, 51 and 78', () => {
    expect([0, 22, 23, 50, 51, 77, 78, 92].map((epoch) => at(epoch)[slot.conv2])).toEqual(
      [1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001].map((times) => 0.01 * times),
    );
  });

  it('slows conv1 at epoch 68 and freezes it, biases too, at 72', () => {
    expect(at(67)[slot.conv1]).toBe(0.0001);
    expect(at(68)[slot.conv1]).toBe(0.00001);
    expect(at(72).slice(slot.conv1, slot.conv1 + 2)).toEqual([0, 0]);
  });

  it('lets biases learn at rates of their own', () => {
    expect(at(0)[slot.fc8 + 1]).toBe(0.02);
    expect(at(80)[slot.fc8 + 1]).toBe(0.002);
  });
});
