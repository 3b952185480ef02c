/** Where things are written: results to stdout; with --json nothing else, so progress goes to stderr. */

import type { Given } from '../command.js';
import { LiveLine } from './live-line.js';
import { styleFor, type Style } from './style.js';

export interface Output extends Disposable {
  readonly json: boolean;
  /** For progress. */
  readonly line: LiveLine;
  readonly style: Style;
  /** Lines for people; nothing with --json. */
  readonly lines: (lines: readonly string[]) => void;
  /** The one JSON value of --json. */
  readonly value: (value: unknown) => void;
}

export function outputFor(given: Given): Output {
  const json = given.switch('json');
  const stream = json ? process.stderr : process.stdout;
  const line = new LiveLine(stream);
  return {
    json,
    line,
    style: styleFor(stream),
    lines: (lines) => {
      if (!json) process.stdout.write(lines.map((text) => `${text}\n`).join(''));
    },
    value: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    [Symbol.dispose]: () => line.clear(),
  };
}
