/**
 * Text on its way to a terminal. Names of files and classes may hold escape sequences and line breaks; only the program's own
 * colours may reach the terminal. So colours are marks up to here, and everything else that controls a terminal is written out.
 */

/** SGR parameters; a mark is a noncharacter of Unicode, which no text has. A name that has one all the same is coloured, no more. */
const parameters = [1, 2, 22, 31, 32, 33, 39] as const;
const firstMark = 0xfdd0;

export type Parameter = (typeof parameters)[number];

export const mark = (parameter: Parameter): string =>
  String.fromCharCode(firstMark + parameters.indexOf(parameter));

/** Control characters, line separators, and what turns the direction of text. */
const controls = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;
const marks = /[\uFDD0-\uFDD6]/g;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const hex = (character: string, digits: number): string =>
  character.charCodeAt(0).toString(16).padStart(digits, '0');

const writtenOut = (character: string): string =>
  short[character] ?? (character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`);

/** One line as it is written. */
export const visible = (line: string): string =>
  line
    .replace(controls, writtenOut)
    .replace(marks, (found) => `\u001B[${parameters[found.charCodeAt(0) - firstMark]}m`);

/** JSON as it is written: of the same value, without the control characters that JSON itself allows. */
export const visibleJson = (value: unknown): string =>
  JSON.stringify(value).replace(controls, (character) => `\\u${hex(character, 4)}`);
