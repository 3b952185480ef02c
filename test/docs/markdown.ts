/** What a page of the documentation says that can be checked: links, code, tables. */

export interface Page {
  /** Targets of links and images. */
  readonly links: readonly string[];
  /** Code between backticks, white space made one blank. */
  readonly code: readonly string[];
  /** Lines of fenced blocks, without comments. */
  readonly fenced: readonly string[];
  /** As links name them. */
  readonly anchors: readonly string[];
  /** First cells of the table under a heading, without its head. */
  readonly firstCells: (heading: string) => readonly string[];
}

const fence = /^```.*?^```$/gms;

/** As GitHub does: lower case, blanks as hyphens, no other punctuation. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

const headings = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);

function firstCells(text: string, heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map(
    (row) =>
      row
        .slice(1)
        .split(/(?<!\\)\|/)[0]
        ?.trim() ?? '',
  );
}

export function parsePage(text: string): Page {
  const prose = text.replaceAll(fence, '');
  return {
    links: [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
    code: [...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' ')),
    fenced: [...text.matchAll(fence)].flatMap(([block]) =>
      block
        .split('\n')
        .slice(1, -1)
        .map((line) => line.replace(/\s#.*$/, '')),
    ),
    anchors: headings(prose).map(anchorOf),
    firstCells: (heading) => firstCells(prose, heading),
  };
}
