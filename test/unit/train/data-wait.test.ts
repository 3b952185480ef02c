import { expect, it } from 'vitest';
import { DataWait } from '../../../lib/train/data-wait.js';

/** A clock in milliseconds, and a batch that comes at a time. */
function clocked() {
  let time = 0;
  const wait = new DataWait(2, () => time);
  const batchAt = async (milliseconds: number): Promise<string> => {
    await Promise.resolve();
    time = milliseconds;
    return 'batch';
  };
  return { wait, batchAt };
}

it('counts what passes until the batch is there, where nothing is computed meanwhile', async () => {
  const { wait, batchAt } = clocked();
  expect(await wait.measure(batchAt(250), undefined)).toEqual({ batch: 'batch', waited: 0.25 });
});

it('counts from when the step before ended, where one is under way', async () => {
  const { wait, batchAt } = clocked();
  expect((await wait.measure(batchAt(300), { ended: 100 })).waited).toBe(0.2);
  expect((await wait.measure(batchAt(500), { ended: undefined })).waited).toBe(0);
  // It had ended before anybody asked for the batch: the images are not to blame for that.
  expect((await wait.measure(batchAt(600), { ended: 400 })).waited).toBeCloseTo(0.1);
});

it('warns when more than a tenth of a hundred steps was waiting, now and then, and says what to do', () => {
  const wait = new DataWait(2);
  const warnings: [number, string][] = [];
  expect(wait.add(0, 50, 51)).toBeUndefined();
  for (let step = 1; step <= 4500; step++) {
    const warning = wait.add(step, step > 300 ? 0.25 : 0.09, 1);
    if (warning) warnings.push([step, warning]);
  }
  expect(warnings.map(([step]) => step)).toEqual([307, 2307, 4307]);
  expect(warnings[1]?.[1]).toBe(
    "the devices waited for images 25 % of the last 100 steps' time: try more --loader-threads than 2, or a store prepared with --raw on a fast disk",
  );
  expect(wait.share()).toBeCloseTo((4200 * 0.25 + 300 * 0.09) / 4500);
});

it('says nothing where nothing was run', () => {
  expect(new DataWait(1).share()).toBe(0);
});
