/**
 * Whether a colour profile is sRGB's. A third of the photographs on the web carry one; converting from sRGB to sRGB changes
 * nothing and takes longer than decoding.
 */

import { createHash } from 'node:crypto';

/** sRGB's primaries as ICC profiles hold them: adapted to D50, X Y Z of red, green and blue. */
const primaries = {
  rXYZ: [0.43607, 0.22249, 0.01392],
  gXYZ: [0.38515, 0.71687, 0.09708],
  bXYZ: [0.14307, 0.06061, 0.7141],
} as const;
const mostOffPrimary = 1e-3;

/** IEC 61966-2-1: an encoded value's light. */
const light = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const mostOffCurve = 1 / 512;
/** Parametric curves are compared at these many places. */
const places = 256;

/** By their digests: whole collections come with the same few profiles. */
const known = new Map<string, boolean>();

/** False, too, for profiles that are damaged or work by tables. */
export function isSrgb(profile: Uint8Array): boolean {
  const digest = createHash('sha256').update(profile).digest('base64');
  const found = known.get(digest) ?? examine(profile);
  known.set(digest, found);
  return found;
}

function examine(profile: Uint8Array): boolean {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  try {
    if (text(view, 16) !== 'RGB ' || text(view, 20) !== 'XYZ ' || text(view, 36) !== 'acsp') return false;
    const tags = tagsOf(view);
    if (['A2B0', 'A2B1', 'A2B2'].some((name) => tags.has(name))) return false;
    const near = Object.entries(primaries).every(([name, expected]) =>
      expected.every((value, i) => Math.abs(xyz(view, tags.get(name), i) - value) <= mostOffPrimary),
    );
    return near && ['rTRC', 'gTRC', 'bTRC'].every((name) => isSrgbCurve(view, tags.get(name)));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

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

function xyz(view: DataView, at: number | undefined, i: number): number {
  return at !== undefined && text(view, at) === 'XYZ ' ? fixed(view, at + 8 + 4 * i) : Number.NaN;
}

function isSrgbCurve(view: DataView, at: number | undefined): boolean {
  if (at === undefined) return false;
  const agrees = (count: number, curve: (i: number) => number): boolean =>
    Array.from({ length: count }, (_, i) => i).every(
      (i) => Math.abs(curve(i) - light(i / (count - 1))) <= mostOffCurve,
    );
  if (text(view, at) === 'curv') {
    const count = view.getUint32(at + 8);
    return count >= 256 && count <= 65536 && agrees(count, (i) => view.getUint16(at + 12 + 2 * i) / 65535);
  }
  if (text(view, at) !== 'para' || view.getUint16(at + 8) !== 3) return false;
  const [g = 1, a = 1, b = 0, c = 1, d = 0] = [0, 1, 2, 3, 4].map((i) => fixed(view, at + 12 + 4 * i));
  return agrees(places, (i) => {
    const x = i / (places - 1);
    return x >= d ? (a * x + b) ** g : c * x;
  });
}
