/** Places values in a device's arena: what is never needed at the same time shares memory. */

import { bytesOf } from './commands.js';
import { elements, isValue, type Draft, type Value, type ValueKind } from './builder.js';

export const alignment = 64;

const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
export const valueBytes = (value: Value): number => align(elements(value.shape) * bytesOf[value.dtype]);

/** Commands of the device's list between which a value needs its place, both inclusive. */
export interface Lifetime {
  readonly first: number;
  readonly last: number;
}

export const isPersistent = (kind: ValueKind): boolean =>
  kind === 'weights' || kind === 'momentum' || kind === 'mean';

/** The values a command names on its own device (a transfer's destination is on another). */
export const operands = (command: Draft): Value[] =>
  command.op === 'transfer' ? [command.x] : valuesIn(command);

function valuesIn(field: unknown): Value[] {
  if (isValue(field)) return [field];
  return typeof field === 'object' && field !== null ? Object.values(field).flatMap(valuesIn) : [];
}

export function lifetimes(values: readonly Value[], list: readonly Draft[]): Map<Value, Lifetime> {
  const found = new Map<Value, { first: number; last: number }>();
  list.forEach((command, i) => {
    for (const value of operands(command)) {
      const seen = found.get(value);
      if (seen) seen.last = i;
      else found.set(value, { first: i, last: i });
    }
  });
  for (const value of values) {
    const lifetime = found.get(value);
    if (!lifetime) {
      // Never read here (an output nobody uses, an arrival before its wait): it still needs a place.
      found.set(value, { first: 0, last: list.length });
      continue;
    }
    if (value.keep) lifetime.last = list.length;
    // The host, or a transfer from another device, may write these at any time before their first use.
    if (value.kind === 'input' || value.kind === 'received') lifetime.first = 0;
    if (value.kind === 'workspace') Object.assign(lifetime, { first: 0, last: list.length });
  }
  return found;
}

export interface Placement {
  readonly offsets: ReadonlyMap<Value, number>;
  /** One past the last byte used. */
  readonly bytes: number;
}

/** Persistent values one behind the other, in their order. */
export function placePersistent(values: readonly Value[]): Placement {
  const offsets = new Map<Value, number>();
  let bytes = 0;
  for (const value of values) {
    offsets.set(value, bytes);
    bytes += valueBytes(value);
  }
  return { offsets, bytes };
}

/** Largest first, each at the lowest offset where nothing alive at the same time lies. */
export function placeTransient(
  values: readonly Value[],
  alive: ReadonlyMap<Value, Lifetime>,
  base: number,
): Placement {
  const placed: { from: number; to: number; lifetime: Lifetime }[] = [];
  const offsets = new Map<Value, number>();
  let bytes = base;
  for (const value of values.toSorted((a, b) => valueBytes(b) - valueBytes(a) || a.id - b.id)) {
    const lifetime = alive.get(value) as Lifetime;
    const length = valueBytes(value);
    let offset = base;
    for (const other of placed) {
      if (other.lifetime.first > lifetime.last || other.lifetime.last < lifetime.first) continue;
      if (other.from < offset + length && other.to > offset) offset = other.to;
    }
    placed.push({ from: offset, to: offset + length, lifetime });
    placed.sort((a, b) => a.from - b.from);
    offsets.set(value, offset);
    bytes = Math.max(bytes, offset + length);
  }
  return { offsets, bytes };
}

export type MemoryByKind = Readonly<Record<ValueKind, number>>;

/** What is alive, by kind, at the moment when most is. */
export function peakByKind(
  values: readonly Value[],
  alive: ReadonlyMap<Value, Lifetime>,
  commands: number,
): MemoryByKind {
  const empty = (): Record<ValueKind, number> => ({
    weights: 0,
    momentum: 0,
    mean: 0,
    input: 0,
    activations: 0,
    gradients: 0,
    received: 0,
    workspace: 0,
  });
  let peak = empty();
  let most = -1;
  for (let i = 0; i <= commands; i++) {
    const now = empty();
    let total = 0;
    for (const value of values) {
      const lifetime = alive.get(value);
      if (!isPersistent(value.kind) && (!lifetime || lifetime.first > i || lifetime.last < i)) continue;
      now[value.kind] += valueBytes(value);
      total += valueBytes(value);
    }
    if (total > most) [peak, most] = [now, total];
  }
  return peak;
}
