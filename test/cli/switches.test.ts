/** A switch takes true, false or nothing: every switch of every command. */

import { describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands.js';
import { parse } from '../../cli/parser.js';
import { program } from './program.js';

/** What a command line says of a switch. */
async function valueOf(command: string, name: string, ...written: string[]): Promise<unknown> {
  const { usage = '' } = commands.find((each) => each.name === command) ?? {};
  const required = [...usage.matchAll(/<\w+/g)].map(() => 'x');
  const about = { version: '0', columns: 80 };
  return (await parse([command, ...required, ...written], commands, about))?.given.raw(name);
}

const switches = commands.flatMap(({ name: command, options }) =>
  Object.entries(options).flatMap(([name, option]) => (option.switch ? [[command, name] as const] : [])),
);

describe.each(switches)('%s --%s', (command, name) => {
  const [on, off] = [`--${name}`, `--no-${name}`];

  it('takes true, false or nothing', async () => {
    for (const [written, value] of [
      [[], undefined],
      [[on], true],
      [[`${on}=true`], true],
      [[on, 'true'], true],
      [[`${on}=false`], false],
      [[on, 'false'], false],
      [[off], false],
      [[`${off}=true`], false],
      [[`${off}=false`], true],
      // The last one holds.
      [[on, `${on}=false`], false],
      [[off, on], true],
    ] as const) {
      expect(await valueOf(command, name, ...written), written.join(' ')).toBe(value);
    }
  });

  it('refuses everything else', async () => {
    for (const value of ['on', 'off', 'yes', 'no', '1', '0', 'True', '']) {
      for (const flag of [on, off]) {
        await expect(valueOf(command, name, `${flag}=${value}`)).rejects.toMatchObject({
          code: 'USAGE',
          message: `expected true or false for ${flag}, received ${value === '' ? 'nothing' : value}`,
        });
      }
    }
  });
});

it('the switches of all commands refuse other values, too', async () => {
  for (const name of ['help', 'version', 'verbose']) {
    await expect(valueOf('plan', name, `--${name}=on`)).rejects.toThrow(
      `expected true or false for --${name}, received on`,
    );
  }
});

it('what looks like a switch behind -- is an argument', async () => {
  const about = { version: '0', columns: 80 };
  const chosen = await parse(['classify', 'run', 'a.jpg', '--', '--json=on'], commands, about);
  expect(chosen?.given.raw('json')).toBe(undefined);
});

it('the program ends with one line and exit code 2', async () => {
  expect(await program(['train', '--flip=on'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'alexnet-native: expected true or false for --flip, received on\n',
  });
});
