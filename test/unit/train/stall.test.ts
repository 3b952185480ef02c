import { expect, it } from 'vitest';
import { StallDetector } from '../../../lib/train/stall.js';

const run = (
  detector: StallDetector,
  losses: (step: number) => number,
  steps: number,
): [number, string][] => {
  const warnings: [number, string][] = [];
  for (let step = 1; step <= steps; step++) {
    const message = detector.add(step, losses(step));
    if (message) warnings.push([step, message]);
  }
  return warnings;
};

it('warns of a loss that stays at ln(classes), names the remedy, and repeats itself sparingly', () => {
  const warnings = run(new StallDetector(1000, 'paper'), () => Math.log(1000), 1200);
  expect(warnings.map(([step]) => step)).toEqual([100, 600, 1100]);
  expect(warnings[0]?.[1]).toContain('--initialisation authors or caffe');
});

it('is silent about a loss that falls', () => {
  expect(run(new StallDetector(10, 'he'), (step) => 2.3 - step * 0.002, 600)).toEqual([]);
});
