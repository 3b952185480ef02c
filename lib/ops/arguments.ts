/** Argument checks, all in one voice: "expected … for stride, received …". */

import { expected as refused } from '../errors.js';
import type { Activation } from '../plan/commands.js';
import type { Padding } from '../graph/graph.js';
import { seedWords, type Seed } from '../random/philox.js';

function shown(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (value === undefined || typeof value === 'number' || typeof value === 'function') return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

export function expected(what: string, name: string, received: unknown): never {
  refused(what, name, shown(received));
}

export function positiveInteger(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) expected('a positive integer', name, value);
  return value;
}

export function naturalNumber(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) expected('an integer from 0', name, value);
  return value;
}

export function word(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    expected('an unsigned 32-bit integer', name, value);
  }
  return value;
}

export function finite(name: string, value: number): number {
  if (!Number.isFinite(value)) expected('a finite number', name, value);
  return value;
}

export function positive(name: string, value: number): number {
  if (!Number.isFinite(value) || value <= 0) expected('a positive number', name, value);
  return value;
}

export function probability(name: string, value: number): number {
  if (!(value >= 0 && value < 1)) expected('a number from 0 to below 1', name, value);
  return value;
}

export function share(name: string, value: number): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) expected('a number from 0 to 1', name, value);
  return value;
}

/** The number of groups that `channels` of `name` are split into. */
export function groupsOf(value: number, name: string, channels: number): number {
  positiveInteger('groups', value);
  if (channels % value !== 0) expected(`a divisor of ${name} (${channels})`, 'groups', value);
  return value;
}

export function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) expected(allowed.map((one) => `'${one}'`).join(' or '), name, value);
  return value;
}

export const activationOf = (value: Activation): Activation =>
  oneOf('activation', value, ['none', 'relu', 'tanh']);

/** One number for all four sides, or [top, left, bottom, right]. */
export function paddingOf(value: number | readonly number[]): Padding {
  const sides = typeof value === 'number' ? [value, value, value, value] : value;
  const [top = 0, left = 0, bottom = 0, right = 0] = sides;
  if (sides.length !== 4 || sides.some((side) => !Number.isSafeInteger(side) || side < 0)) {
    expected('an integer from 0 or [top, left, bottom, right]', 'padding', value);
  }
  return [top, left, bottom, right];
}

/** A seed as a non-negative safe integer or as its two 32-bit words. */
export function seedOf(value: number | Seed): Seed {
  if (typeof value === 'number') return seedWords(naturalNumber('seed', value));
  if (!Array.isArray(value) || value.length !== 2) expected('an integer from 0 or two words', 'seed', value);
  return [word('seed[0]', value[0]), word('seed[1]', value[1])];
}
