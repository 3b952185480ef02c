import { describe, expect, it } from 'vitest';
import { evaluationViews } from '../../../lib/data/batches/views.js';

describe('views of an image at test time', () => {
  it('are the centre alone', () => {
    expect(evaluationViews(1, 256, 224)).toEqual([{ top: 16, left: 16, flip: false }]);
    expect(evaluationViews(1, 256, 227)).toEqual([{ top: 14, left: 14, flip: false }]);
  });

  it("or the paper's ten: four corners, the centre, and their reflections", () => {
    const places = (flip: boolean) =>
      evaluationViews(10, 256, 224)
        .filter((view) => view.flip === flip)
        .map(({ top, left }) => `${top},${left}`)
        .toSorted();
    const five = ['0,0', '0,32', '16,16', '32,0', '32,32'];
    expect(places(false)).toEqual(five);
    expect(places(true)).toEqual(five);
    expect(evaluationViews(10, 256, 224)[0]).toEqual({ top: 16, left: 16, flip: false });
  });
});
