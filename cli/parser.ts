/** The command line's grammar, by yargs: commands and options as data in, one command to run out. */

import yargs from 'yargs';
import type { Argv } from 'yargs';
import { AlexNetError } from '../lib/errors.js';
import { Given, type CliCommand } from './command.js';
import { plainSwitches } from './switches.js';
import { suggestion } from './ui/suggest.js';

export const program = 'alexnet-native';

const common = ['--help', '--version', '--verbose'];

/** yargs' own sentences in the program's voice. */
const sentences = {
  'Not enough non-option arguments: got %s, need at least %s': {
    one: 'missing argument: got %s, expected at least %s',
    other: 'missing argument: got %s, expected at least %s',
  },
  'Not enough arguments following: %s': 'expected a value for --%s',
  'Missing argument value: %s': { one: 'expected a value for --%s', other: 'expected values for %s' },
};

const firstSteps: CliCommand['examples'] = [
  ['train', 'train on the built-in demo set'],
  ['train photos --preset mini', 'train on a folder of class folders'],
  ['classify runs/mini-1 cat.jpg', 'use the trained network'],
];

/** yargs would wrap command lines in the middle. */
const examples = (lines: CliCommand['examples']): string =>
  ['Examples:', ...lines.map(([line, explanation]) => `  ${program} ${line}\n      ${explanation}`)].join(
    '\n',
  );

function declare(parser: Argv, command: CliCommand): Argv {
  for (const { name, about } of command.positionals) {
    parser.positional(name, { describe: about, type: 'string' });
  }
  for (const [name, option] of Object.entries(command.options)) {
    parser.option(name, {
      describe: option.about,
      group: option.group,
      // Values stay text until the command checks them, so that errors can quote what was written.
      ...(option.switch ? { type: 'boolean' as const } : { requiresArg: true, nargs: 1 }),
      ...(option.default !== undefined && { defaultDescription: option.default }),
    });
  }
  return parser.epilogue(examples(command.examples));
}

/** The word that comes closest to what was written, as a question. */
function meant(word: string, known: readonly string[]): string {
  const found = suggestion(word, known);
  return found === undefined ? '' : `; did you mean ${found}?`;
}

/** yargs names an unknown option without its dashes; the user gets to see what was written. */
function asWritten(name: string, args: readonly string[]): string | undefined {
  const flags = args.filter((arg) => arg.startsWith('-')).map((arg) => arg.split('=')[0] ?? arg);
  return flags.find((flag) => flag === `--${name}` || flag === `--no-${name}` || flag === `-${name}`);
}

/** What is wrong, from yargs' message. */
function explain(
  message: string,
  args: readonly string[],
  commands: readonly CliCommand[],
  command?: CliCommand,
): string {
  const unknown = /^Unknown (?:argument|command)s?: (.*)$/.exec(message)?.[1]?.split(', ')[0];
  if (unknown !== undefined) {
    const flag = asWritten(unknown, args);
    if (flag !== undefined) {
      const options = Object.entries(command?.options ?? {});
      const switches = options.filter(([, option]) => option.switch).map(([name]) => `--no-${name}`);
      return `unknown option ${flag}${meant(flag, [...options.map(([name]) => `--${name}`), ...switches, ...common])}`;
    }
    if (command) return `unexpected argument ${unknown}`;
    return `unknown command ${unknown}${meant(
      unknown,
      commands.map(({ name }) => name),
    )}`;
  }
  const got = /^missing argument: got (\d+)/.exec(message)?.[1];
  if (got !== undefined && command) {
    const required = [...command.usage.matchAll(/<(\w+)/g)].map(([, name]) => (name ?? '').toUpperCase());
    return `missing argument: expected ${required.slice(Number(got)).join(' and ')}`;
  }
  return message;
}

/** One sentence on what is wrong, and where to read what would be right. */
function usageError(message: string, args: readonly string[], commands: readonly CliCommand[]): AlexNetError {
  const command = commands.find(({ name }) => args.includes(name));
  const help = command ? `${program} ${command.name} --help` : `${program} --help`;
  const wrong = explain(message, args, commands, command);
  return new AlexNetError('USAGE', wrong.endsWith('?') ? `${wrong} See ${help}` : `${wrong}; see ${help}`);
}

export interface Chosen {
  readonly command: CliCommand;
  readonly given: Given;
}

/**
 * The command the arguments ask for; null when only help or the version was asked for and has been printed. Throws a
 * USAGE error for a command line that does not parse.
 */
export async function parse(
  args: readonly string[],
  commands: readonly CliCommand[],
  about: { readonly version: string; readonly columns: number },
): Promise<Chosen | null> {
  let chosen: Chosen | null = null;
  // Options that come before the command are those of all commands, and none of them takes a value.
  const first = args.find((arg) => !arg.startsWith('-'));
  const { options = {} } = commands.find(({ name }) => name === first) ?? {};
  const parser = yargs(plainSwitches(args, options))
    .scriptName(program)
    .locale('en')
    .updateStrings(sentences as unknown as Record<string, string>)
    .usage('$0 <command>\n\nAlexNet (Krizhevsky, Sutskever and Hinton, 2012): train it, measure it, use it.')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'camel-case-expansion': false,
      'dot-notation': false,
    })
    .wrap(Math.min(120, about.columns))
    .exitProcess(false)
    .strict()
    .demandCommand(1, `expected a command: ${commands.map(({ name }) => name).join(', ')}`)
    .option('verbose', { type: 'boolean', describe: 'Errors with their stack' })
    .help()
    .alias('help', 'h')
    .version(about.version)
    .epilogue(`${examples(firstSteps)}\n\n${program} <command> --help tells more about a command.`)
    .fail((message: string | null, error: Error | undefined) => {
      // yargs' own complaints are YErrors; everything else comes from us.
      if (error && error.name !== 'YError') throw error;
      throw usageError(message ?? error?.message ?? '', args, commands);
    });
  for (const command of commands) {
    parser.command(
      `${command.name} ${command.usage}`.trim(),
      command.about,
      (inner: Argv) =>
        declare(inner.usage(`$0 ${command.name} ${command.usage}\n\n${command.about}`), command),
      (argv: Record<string, unknown>) => {
        chosen = { command, given: new Given(argv) };
      },
    );
  }
  await parser.parseAsync();
  return chosen;
}
