/** Which part of a stored image the network sees. */

/** A crop's place in the stored square, pixels, and whether it is reflected. */
export interface EvaluationView {
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
}

/**
 * 1: the centre. 10: the paper's test (section 4.1): the four corners and the centre, and the reflections of all five.
 */
export function evaluationViews(
  kind: 1 | 10,
  store: number,
  crop: number,
): readonly [EvaluationView, ...EvaluationView[]] {
  const far = store - crop;
  const middle = Math.floor(far / 2);
  const centre: EvaluationView = { top: middle, left: middle, flip: false };
  if (kind === 1) return [centre];
  const upright: EvaluationView[] = [
    { top: 0, left: 0, flip: false },
    { top: 0, left: far, flip: false },
    { top: far, left: 0, flip: false },
    { top: far, left: far, flip: false },
    centre,
  ];
  return [centre, ...upright.slice(0, 4), ...upright.map((view) => ({ ...view, flip: true }))];
}

/** The same view of every image of a batch, as the devices take it. */
export function viewRows(view: EvaluationView, batch: number): Float32Array {
  const rows = new Float32Array(batch * 8);
  for (let n = 0; n < batch; n++) rows.set([view.top, view.left, view.flip ? 1 : 0, 0, 0, 0, 1], n * 8);
  return rows;
}
