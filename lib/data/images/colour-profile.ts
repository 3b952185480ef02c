/**
 * How a colour profile's RGB becomes sRGB, for profiles of curves and a matrix, as nearly all photographs' are. A third of the
 * photographs on the web carry sRGB's own; converting from sRGB to sRGB changes nothing and takes longer than decoding.
 */

import { createHash } from 'node:crypto';

/**
 * 'srgb', or the light of each channel's 256 values (red, green, blue) and the nine numbers, row by row, that make sRGB's light of
 * them: RgbSpace of native/images/to_srgb.h.
 */
export type RgbSpace = 'srgb' | Float32Array;

/** sRGB's primaries as ICC profiles hold them: adapted to D50, X Y Z of red, green and blue. */
const primaries = [
  [0.43607, 0.22249, 0.01392],
  [0.38515, 0.71687, 0.09708],
  [0.14307, 0.06061, 0.7141],
] as const;
const mostOffPrimary = 1e-3;

/** IEC 61966-2-1: an encoded value's light. */
const light = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const mostOffCurve = 1 / 512;

const channels = ['r', 'g', 'b'] as const;
/** Of 8 bits. */
const values = Array.from({ length: 256 }, (_, i) => i / 255);

type Vector = readonly [number, number, number];
type Curve = (value: number) => number;

/** By their digests: whole collections come with the same few profiles. */
const known = new Map<string, RgbSpace | undefined>();

/** Undefined for profiles that are damaged, of other colours than RGB, or work by tables. */
export function rgbSpace(profile: Uint8Array): RgbSpace | undefined {
  const digest = createHash('sha256').update(profile).digest('base64');
  if (!known.has(digest)) known.set(digest, examine(profile));
  return known.get(digest);
}

function examine(profile: Uint8Array): RgbSpace | undefined {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  try {
    if (text(view, 16) !== 'RGB ' || text(view, 20) !== 'XYZ ' || text(view, 36) !== 'acsp') return undefined;
    const tags = tagsOf(view);
    if (['A2B0', 'A2B1', 'A2B2'].some((name) => tags.has(name))) return undefined;
    const lights = channels.map((c) => values.map(curveAt(view, tags.get(`${c}TRC`))));
    const colours = channels.map((c) => xyzAt(view, tags.get(`${c}XYZ`)));
    const isNear = (colour: Vector, i: number): boolean =>
      colour.every((value, j) => Math.abs(value - (primaries[i]?.[j] as number)) <= mostOffPrimary);
    const isEncoded = (curve: readonly number[]): boolean =>
      curve.every((value, i) => Math.abs(value - light(values[i] as number)) <= mostOffCurve);
    if (colours.every(isNear) && lights.every(isEncoded)) return 'srgb';
    if (!lights.every(rises) || !isWhite(colours)) return undefined;
    return Float32Array.from([...lights.flat(), ...matrixOf(colours)]);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** From near black to near white. */
const rises = (curve: readonly number[]): boolean =>
  curve.every((value, i) => value >= (curve[i - 1] ?? 0)) && Math.abs((curve[255] as number) - 1) < 0.1;

/** All three at full are D50. */
const isWhite = (colours: readonly Vector[]): boolean =>
  [0.9642, 1, 0.8249].every(
    (value, i) => Math.abs(colours.reduce((sum, colour) => sum + (colour[i] as number), 0) - value) < 0.05,
  );

const text = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

/** Where each tag's data begins, by name. */
function tagsOf(view: DataView): Map<string, number> {
  const count = Math.min(view.getUint32(128), 100);
  return new Map(
    Array.from(
      { length: count },
      (_, i) => [text(view, 132 + 12 * i), view.getUint32(136 + 12 * i)] as const,
    ),
  );
}

const fixed = (view: DataView, at: number): number => view.getInt32(at) / 65536;

const missing = (): never => {
  throw new RangeError('no such data in the profile');
};

function xyzAt(view: DataView, at: number = missing()): Vector {
  if (text(view, at) !== 'XYZ ') missing();
  return [fixed(view, at + 8), fixed(view, at + 12), fixed(view, at + 16)];
}

/** ICC.1:2022, 10.6 and 10.18. */
function curveAt(view: DataView, at: number = missing()): Curve {
  if (text(view, at) === 'curv') return tableCurve(view, at);
  if (text(view, at) !== 'para') missing();
  const kind = view.getUint16(at + 8);
  const count = [1, 3, 4, 5, 7][kind] ?? missing();
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from({ length: count }, (_, i) =>
    fixed(view, at + 12 + 4 * i),
  );
  const power = (x: number): number => Math.max(0, a * x + b) ** g;
  switch (kind) {
    case 0:
      return power;
    case 1:
      return (x) => (x >= -b / a ? power(x) : 0);
    case 2:
      return (x) => (x >= -b / a ? power(x) + c : c);
    default:
      return (x) => (x >= d ? power(x) + e : c * x + f);
  }
}

/** A table with straight lines between its entries; of one entry: a power; of none: a straight line. */
function tableCurve(view: DataView, at: number): Curve {
  const count = view.getUint32(at + 8);
  if (count === 0) return (x) => x;
  const entry = (i: number): number => view.getUint16(at + 12 + 2 * i);
  if (count === 1) return (x) => x ** (entry(0) / 256);
  return (x) => {
    const place = x * (count - 1);
    const below = Math.min(Math.floor(place), count - 2);
    return (entry(below) + (place - below) * (entry(below + 1) - entry(below))) / 65535;
  };
}

/** From a space's red, green and blue light over X Y Z to sRGB's, row by row. */
function matrixOf(colours: readonly Vector[]): number[] {
  // sRGB's light of X Y Z: the inverse of the matrix whose columns are the primaries; its rows are their cross products.
  const [r, g, b] = primaries;
  const volume = dot(r, cross(g, b));
  const rows = [cross(g, b), cross(b, r), cross(r, g)];
  return rows.flatMap((row) => colours.map((colour) => dot(row, colour) / volume));
}

const dot = (x: Vector, y: Vector): number => x[0] * y[0] + x[1] * y[1] + x[2] * y[2];

const cross = (x: Vector, y: Vector): Vector => [
  x[1] * y[2] - x[2] * y[1],
  x[2] * y[0] - x[0] * y[2],
  x[0] * y[1] - x[1] * y[0],
];
