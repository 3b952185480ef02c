/** What the documentation names exists: files, scripts, commands, options, presets. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands.js';
import { presetNames } from '../../lib/graph/presets.js';
import { packageRoot } from '../../lib/package-root.js';
import { parsePage } from './markdown.js';

const root = packageRoot();
const at = (...names: string[]): string => join(root, ...names);

const files = [
  'README.md',
  ...['CONTRIBUTING.md'].filter((name) => existsSync(at(name))),
  ...readdirSync(at('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const pages = files.map((file) => [file, parsePage(readFileSync(at(file), 'utf8'))] as const);
const readme = parsePage(readFileSync(at('README.md'), 'utf8'));

const { scripts } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

const folders = ['lib', 'cli', 'bench', 'native', 'scripts', 'test'];
const sources = new Set(
  folders
    .filter((folder) => existsSync(at(folder)))
    .flatMap((folder) => readdirSync(at(folder), { recursive: true, encoding: 'utf8' }))
    .map((file) => basename(file)),
);

const isPath = /^(?:lib|cli|bench|native|scripts|test|docs|\.ci)\/[\w./-]*$/;
const isSource = /^[\w.-]+\.(?:ts|cts|mjs|cc|h|inc|cu|cuh|sh|py)$/;

describe.each(pages)('%s', (file, page) => {
  const snippets = [...page.code, ...page.fenced];
  const words = snippets.flatMap((snippet) => snippet.split(/\s+/));

  it('links to what exists', () => {
    const broken = page.links
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#');
        const linked = path === '' ? file : join(dirname(file), path);
        if (!existsSync(at(linked))) return true;
        if (anchor === undefined) return false;
        return !parsePage(readFileSync(at(linked), 'utf8')).anchors.includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it('names files and folders that exist', () => {
    expect(words.filter((word) => isPath.test(word) && !existsSync(at(word)))).toEqual([]);
    expect(words.filter((word) => isSource.test(word) && !sources.has(word))).toEqual([]);
  });

  it('names scripts that exist, with options that they take', () => {
    for (const snippet of snippets) {
      const { name, options = '' } =
        /\bnpm (?:run )?(?<name>[a-z][\w:]*)(?: -- (?<options>.*))?/.exec(snippet)?.groups ?? {};
      if (name === undefined || ['install', 'rebuild', 'pack', 'ci'].includes(name)) continue;
      expect(scripts, snippet).toHaveProperty([name]);
      const flags = flagsOf(options);
      if (flags.length === 0) continue;
      const [program = '', ...args] = (scripts[name] ?? '').split(' ');
      expect(program, snippet).toBe('node');
      const help = execFileSync(process.execPath, [...args, '--help'], { cwd: root, encoding: 'utf8' });
      for (const flag of flags) expect(help, snippet).toMatch(new RegExp(`--${flag}\\b`));
    }
  });

  it('names commands that exist, with options that they take', () => {
    for (const snippet of snippets) {
      const line = /(?:^|\s)alexnet-native ([a-z].*)$/.exec(snippet)?.[1];
      if (line !== undefined) expectCommand(line);
    }
  });

  it('names options that a command takes', () => {
    const known = new Set(commands.flatMap(({ options }) => Object.keys(options)));
    const alone = page.code.filter((code) => code.startsWith('--')).flatMap(flagsOf);
    expect(alone.filter((flag) => ![...known, ...common].includes(flag))).toEqual([]);
  });
});

const common = ['help', 'version', 'verbose'];

/** --no-flip is an option of flip. */
function flagsOf(text: string): string[] {
  return [...text.matchAll(/(?<![\w-])--(?:no-)?([a-z][\w-]*)/g)].map(([, name = '']) => name);
}

function expectCommand(line: string): void {
  const [name] = line.split(' ');
  const command = commands.find((one) => one.name === name);
  if (!command) expect.fail(`there is no command ${name}: ${line}`);
  const known = [...Object.keys(command.options), ...common];
  expect(
    flagsOf(line).filter((flag) => !known.includes(flag)),
    line,
  ).toEqual([]);
}

describe("the README's tables", () => {
  const codeOf = (cell: string): string => /^`(.*)`$/.exec(cell)?.[1] ?? '';

  it('have every command, and options that they take', () => {
    const lines = readme.firstCells('The commands').map(codeOf);
    lines.forEach(expectCommand);
    const named = new Set(lines.map((line) => line.split(' ')[0]));
    expect([...named].toSorted()).toEqual(commands.map(({ name }) => name).toSorted());
  });

  it('have every preset', () => {
    expect(readme.firstCells('The presets').map(codeOf)).toEqual([...presetNames]);
  });
});
