/** For the title of a test that is skipped where something is absent: what it needs. */
export const needs = (there: boolean, what: string): string => (there ? '' : ` (needs ${what})`);
