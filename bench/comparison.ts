/** Two programs' figures side by side. Pure: rows in, rows out. */

import type { OpTime, Pass, StepRate, BenchSetting } from '../lib/bench/rows.js';

/** What is compared: a report of this program, or of a peer (bench/peers), which may have several ways to do one op. */
export interface Results {
  readonly program: string;
  readonly ops: readonly (Omit<OpTime, 'op'> & { readonly op: string; readonly variant?: string })[];
  readonly rates: readonly StepRate[];
  readonly problems?: readonly { readonly what: string; readonly problem: string }[];
}

export interface OpPair {
  readonly label: string;
  readonly op: string;
  /** Milliseconds; undefined where a side has no such row. */
  readonly ours: number | undefined;
  readonly peer: number | undefined;
  /** The peer's time over ours. */
  readonly ratio: number | undefined;
  /** The fastest of the peer's ways, where it names them. */
  readonly variant: string | undefined;
}

export interface RatePair {
  readonly variant: string;
  readonly imagesPerSecond: number;
  /** Our best rate over this one: the peer's time over ours. */
  readonly ratio: number | undefined;
}

export interface Comparison extends BenchSetting {
  readonly ops: readonly OpPair[];
  /** Of the rows that both sides have. */
  readonly total: { readonly ours: number; readonly peer: number; readonly ratio: number | undefined };
  readonly ours: readonly RatePair[];
  readonly peer: readonly RatePair[];
}

const keyOf = ({ batch, precision, pass }: BenchSetting): string => `${pass} ${batch} ${precision}`;
const quotient = (a: number | undefined, b: number | undefined): number | undefined =>
  a !== undefined && b !== undefined && a > 0 && b > 0 ? a / b : undefined;

/**
 * A gradient of weights with their update in it is held against the gradient alone, and the update of what is left against the
 * peer's of everything: together, in the total, they do the same.
 */
const pairedAs = (op: string): string => (op === 'convolution_update' ? 'convolution_backward_weights' : op);

interface Taken {
  readonly milliseconds: number;
  readonly variant: string | undefined;
}

/**
 * Milliseconds by layer and op. A device's rows of one kind add up (a layer that reads two devices' maps has two), the
 * slower device counts, and of several variants the fastest.
 */
function byOp(rows: Results['ops']): Map<string, Taken> {
  const sums = new Map<string, Map<string, Map<number, number>>>();
  for (const { label, op, variant = '', device, milliseconds } of rows) {
    const key = JSON.stringify([label, pairedAs(op)]);
    const variants = sums.get(key) ?? new Map<string, Map<number, number>>();
    const devices = variants.get(variant) ?? new Map<number, number>();
    devices.set(device, (devices.get(device) ?? 0) + milliseconds);
    sums.set(key, variants.set(variant, devices));
  }
  const best = new Map<string, Taken>();
  for (const [key, variants] of sums) {
    const each = [...variants].map(([variant, devices]) => ({
      milliseconds: Math.max(...devices.values()),
      variant: variant === '' ? undefined : variant,
    }));
    const [fastest] = each.toSorted((a, b) => a.milliseconds - b.milliseconds);
    if (fastest) best.set(key, fastest);
  }
  return best;
}

function pairOps(ours: Results['ops'], peer: Results['ops']): OpPair[] {
  const [own, other] = [byOp(ours), byOp(peer)];
  const keys = [...own.keys(), ...[...other.keys()].filter((key) => !own.has(key))];
  return keys.map((key) => {
    const [label = '', op = ''] = JSON.parse(key) as string[];
    const [a, b] = [own.get(key)?.milliseconds, other.get(key)];
    const ratio = quotient(b?.milliseconds, a);
    return { label, op, ours: a, peer: b?.milliseconds, ratio, variant: b?.variant };
  });
}

const passes: readonly Pass[] = ['training', 'inference'];

/** One comparison for every batch, precision and pass of either side; ours in their order, then the peer's. */
export function compare(ours: Results, peer: Results): Comparison[] {
  const settings = new Map<string, BenchSetting>();
  for (const { batch, precision, pass } of [...ours.rates, ...ours.ops, ...peer.rates, ...peer.ops]) {
    const setting = { batch, precision, pass };
    if (!settings.has(keyOf(setting))) settings.set(keyOf(setting), setting);
  }
  const ordered = passes.flatMap((pass) => [...settings.values()].filter((setting) => setting.pass === pass));
  return ordered.map((setting) => {
    const here = (row: BenchSetting): boolean => keyOf(row) === keyOf(setting);
    const ops = pairOps(ours.ops.filter(here), peer.ops.filter(here));
    const both = ops.filter(({ ratio }) => ratio !== undefined);
    const sum = (side: 'ours' | 'peer'): number => both.reduce((total, pair) => total + (pair[side] ?? 0), 0);
    const own = ours.rates.filter(here);
    const best = own.length > 0 ? Math.max(...own.map((rate) => rate.imagesPerSecond)) : undefined;
    const pair = ({ variant, imagesPerSecond }: StepRate): RatePair => ({
      variant,
      imagesPerSecond,
      ratio: quotient(best, imagesPerSecond),
    });
    return {
      ...setting,
      ops,
      total: { ours: sum('ours'), peer: sum('peer'), ratio: quotient(sum('peer'), sum('ours')) },
      ours: own.map(pair),
      peer: peer.rates
        .filter(here)
        .map(pair)
        .toSorted((a, b) => b.imagesPerSecond - a.imagesPerSecond),
    };
  });
}

/** What makes a value comparable is checked; the rest of a file is left alone. */
export function isResults(value: unknown): value is Results {
  if (typeof value !== 'object' || value === null) return false;
  const { program, ops, rates } = value as Record<string, unknown>;
  const rows = (list: unknown, amount: string): boolean =>
    Array.isArray(list) &&
    list.every((row: Record<string, unknown> | null) => {
      const found = row?.['milliseconds'];
      return (
        typeof found === 'number' &&
        Number.isFinite(found) &&
        typeof row?.['batch'] === 'number' &&
        typeof row['precision'] === 'string' &&
        passes.some((pass) => pass === row['pass']) &&
        typeof row[amount] === (amount === 'imagesPerSecond' ? 'number' : 'string')
      );
    });
  return typeof program === 'string' && rows(ops, 'op') && rows(rates, 'imagesPerSecond');
}
