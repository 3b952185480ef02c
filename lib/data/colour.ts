/** Principal axes of the training set's colours (the paper, section 4.1). */

/** Exact integers, so the order of the images does not matter; 64 bits are too few for the squares of ImageNet's sums. */
export interface ColourSums {
  readonly pixels: bigint;
  /** Of r, g, b. */
  readonly first: readonly bigint[];
  /** Of rr, rg, rb, gg, gb, bb. */
  readonly second: readonly bigint[];
}

/** Sums over the pixels of some images, exact. */
export interface PixelSums {
  readonly images: number;
  /** size × size × 3 */
  readonly mean: Uint32Array<ArrayBuffer>;
  /** Of r, g, b, rr, rg, rb, gg, gb, bb. */
  readonly colour: BigUint64Array<ArrayBuffer>;
}

export interface ColourAxes {
  /** Unit vectors over (r, g, b), the widest spread first. */
  readonly axes: readonly (readonly [number, number, number])[];
  /** Standard deviations along them, √λ, in grey levels. */
  readonly deviations: readonly number[];
}

/** Of at least one pixel, in grey levels. */
export const meanColour = ({ pixels, first }: ColourSums): number[] =>
  first.map((sum) => Number(sum) / Number(pixels));

/** 3 × 3, grey levels squared: (n Σxy − Σx Σy) / n², rounded in the division alone. */
export function covariance({ pixels, first, second }: ColourSums): number[][] {
  const place = [
    [0, 1, 2],
    [1, 3, 4],
    [2, 4, 5],
  ];
  return place.map((row, i) =>
    row.map((index, j) => {
      const product = (first[i] as bigint) * (first[j] as bigint);
      return Number(pixels * (second[index] as bigint) - product) / Number(pixels * pixels);
    }),
  );
}

/** Eigenvectors of a symmetric 3×3 matrix by Jacobi's rotations. */
export function principalAxes(matrix: readonly (readonly number[])[]): ColourAxes {
  const a = matrix.map((row) => [...row]);
  const v = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const at = (m: number[][], i: number, j: number): number => m[i]?.[j] as number;
  for (let sweep = 0; sweep < 50; sweep++) {
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      if (at(a, p, q) === 0) continue;
      const theta = (at(a, q, q) - at(a, p, p)) / (2 * at(a, p, q));
      const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
      const c = 1 / Math.hypot(t, 1);
      const s = t * c;
      for (let i = 0; i < 3; i++) rotate(a[i] as number[], p, q, c, s);
      const [rowP, rowQ] = [a[p] as number[], a[q] as number[]];
      for (let i = 0; i < 3; i++) {
        [rowP[i], rowQ[i]] = [
          c * (rowP[i] as number) - s * (rowQ[i] as number),
          s * (rowP[i] as number) + c * (rowQ[i] as number),
        ];
      }
      for (let i = 0; i < 3; i++) rotate(v[i] as number[], p, q, c, s);
    }
  }
  const order = [0, 1, 2].toSorted((i, j) => at(a, j, j) - at(a, i, i));
  return {
    axes: order.map((i) => oriented([at(v, 0, i), at(v, 1, i), at(v, 2, i)])),
    deviations: order.map((i) => Math.sqrt(Math.max(0, at(a, i, i)))),
  };
}

function rotate(row: number[], p: number, q: number, c: number, s: number): void {
  [row[p], row[q]] = [
    c * (row[p] as number) - s * (row[q] as number),
    s * (row[p] as number) + c * (row[q] as number),
  ];
}

/** An axis has no sign of its own: the largest component is made positive. */
function oriented(axis: [number, number, number]): [number, number, number] {
  const largest = axis.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
  return largest < 0 ? [-axis[0], -axis[1], -axis[2]] : axis;
}
