/** The end of a `switch` over all kinds: one that has no case does not compile. */
export function unreachable(value: never): never {
  throw new Error(`no answer for ${JSON.stringify(value)}`);
}
