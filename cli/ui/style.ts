/** Colours where they can be seen and are wanted. */

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bad: (text: string) => string;
}

const escape =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001B[${on}m${text}\u001B[${off}m`;
const plain = (text: string): string => text;

const coloured: Style = {
  bold: escape(1, 22),
  dim: escape(2, 22),
  good: escape(32, 39),
  warning: escape(33, 39),
  bad: escape(31, 39),
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
