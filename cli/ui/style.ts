/** Colours where they can be seen and are wanted: marks, which become escape sequences when a line is written. */

import { mark, type Parameter } from './visible.js';

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bad: (text: string) => string;
}

const between =
  (on: Parameter, off: Parameter) =>
  (text: string): string =>
    mark(on) + text + mark(off);
const plain = (text: string): string => text;

const coloured: Style = {
  bold: between(1, 22),
  dim: between(2, 22),
  good: between(32, 39),
  warning: between(33, 39),
  bad: between(31, 39),
};
const uncoloured: Style = { bold: plain, dim: plain, good: plain, warning: plain, bad: plain };

/** https://no-color.org: any value but the empty one switches colours off. */
export function styleFor(
  stream: { readonly isTTY?: boolean },
  environment: NodeJS.ProcessEnv = process.env,
): Style {
  const wanted = !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  return stream.isTTY && wanted ? coloured : uncoloured;
}
