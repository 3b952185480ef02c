/** Checks of what a user gave, on the command line or in a file, in one voice: expected … for …, received …. */

import { AlexNetError, expected } from '../lib/errors.js';

/** Returns the value, or throws a USAGE error that names it. */
export type Check<T> = (value: unknown, name: string) => T;

function shown(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'nothing' : value;
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

export function refuse(what: string, name: string, received: unknown): never {
  expected(what, name, shown(received));
}

function numberWhere(expected: string, fits: (n: number) => boolean): Check<number> {
  return (value, name) => {
    // The command line has only text.
    const n = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof n === 'number' && Number.isFinite(n) && fits(n) ? n : refuse(expected, name, value);
  };
}

export const positiveWhole = numberWhere('a positive whole number', (n) => Number.isSafeInteger(n) && n >= 1);
export const whole = numberWhere('a whole number of 0 or more', (n) => Number.isSafeInteger(n) && n >= 0);
export const wholeOfTwo = numberWhere(
  'a whole number of 2 or more',
  (n) => Number.isSafeInteger(n) && n >= 2,
);
export const positive = numberWhere('a positive number', (n) => n > 0);
export const notNegative = numberWhere('a number of 0 or more', (n) => n >= 0);
export const fraction = numberWhere('a number from 0 to below 1', (n) => n >= 0 && n < 1);
export const aboveOne = numberWhere('a number above 1', (n) => n > 1);

export const quality = numberWhere(
  'a whole number from 1 to 100',
  (n) => Number.isInteger(n) && n >= 1 && n <= 100,
);

export const truth: Check<boolean> = (value, name) =>
  typeof value === 'boolean' ? value : refuse('true or false', name, value);

export const text: Check<string> = (value, name) =>
  typeof value === 'string' && value !== '' ? value : refuse('a name', name, value);

export const path: Check<string> = (value, name) =>
  typeof value === 'string' && value !== '' ? value : refuse('a path', name, value);

export function oneOf<const T extends string>(names: readonly T[]): Check<T> {
  const last = names.at(-1) ?? '';
  const all = names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${last}` : last;
  return (value, name) => names.find((known) => known === value) ?? refuse(all, name, value);
}

/** Epochs in rising order, as in 30,60. */
export const risingEpochs: Check<number[]> = (value, name) => {
  const parts =
    typeof value === 'string'
      ? value.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
      : [];
  const rising = parts.every((n, i) => Number.isSafeInteger(n) && n > (parts[i - 1] ?? 0));
  return parts.length > 0 && rising ? parts : refuse('rising epochs such as 30,60', name, value);
};

/** Device names; whether these devices exist is asked elsewhere. */
export const deviceNames: Check<string[]> = (value, name) => {
  const names = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : [];
  const known = names.every((device) => /^((cpu|reference)(:\d+\/\d+)?|cuda(:\d+)?)$/.test(device));
  return names.length > 0 && known ? names : refuse('devices such as cpu, or cpu:0/2,cpu:1/2', name, value);
};

export const views: Check<1 | 10> = (value, name) =>
  oneOf(['1', '10'])(String(value), name) === '10' ? 10 : 1;

/** An object with no other keys than these. */
export function record(
  value: unknown,
  name: string,
  keys?: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('an object', name, value);
  const unknown = keys ? Object.keys(value).filter((key) => !keys.includes(key)) : [];
  if (unknown.length > 0) {
    const which =
      unknown.length > 1 ? `unknown keys ${unknown.join(', ')}` : `unknown key ${unknown.join('')}`;
    throw new AlexNetError('USAGE', `${which} in ${name}; known are ${keys?.join(', ')}`);
  }
  return value as Readonly<Record<string, unknown>>;
}
