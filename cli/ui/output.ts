/** Where things are written: results to stdout; with --json nothing else, so progress goes to stderr. */

import type { Given } from '../command.js';
import { LiveLine } from './live-line.js';
import { styleFor, type Style } from './style.js';
import { visible, visibleJson } from './visible.js';

export interface Output extends Disposable {
  readonly json: boolean;
  /** For progress. */
  readonly line: LiveLine;
  readonly style: Style;
  /** Lines for people; nothing with --json. */
  readonly lines: (lines: readonly string[]) => void;
  /** A line to stderr about something that went wrong, while the rest went on. */
  readonly problem: (line: string) => void;
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
      if (!json) process.stdout.write(lines.map((text) => `${visible(text)}\n`).join(''));
    },
    problem: (text) => void process.stderr.write(`${visible(text)}\n`),
    value: (value) => {
      if (json) process.stdout.write(`${visibleJson(value)}\n`);
    },
    [Symbol.dispose]: () => line.clear(),
  };
}
