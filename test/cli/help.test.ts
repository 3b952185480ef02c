import { describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands.js';
import { program } from './program.js';

const names = commands.map(({ name }) => name);

describe('--help', () => {
  it('of the program lists the commands', async () => {
    const { code, stdout, stderr } = await program(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of names) expect(stdout).toContain(`alexnet-native ${name}`);
  });

  it.concurrent.each(names)('of %s has a description, options and two examples or more', async (name) => {
    const { code, stdout } = await program([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--json');
    const examples = stdout
      .slice(stdout.indexOf('Examples:'))
      .match(new RegExp(`^  alexnet-native ${name}`, 'gm'));
    expect(examples?.length).toBeGreaterThanOrEqual(2);
  });

  it('of train shows what holds without an option', async () => {
    const { stdout } = await program(['train', '--help']);
    const options =
      'preset classes devices threads batch epochs steps learning-rate schedule step-at factor patience momentum ' +
      'weight-decay decay-biases bias-rate dropout initialisation crop flip colour seed out resume checkpoint-every ' +
      'save-every validate-every config json';
    for (const name of options.split(' ')) expect(stdout).toContain(`--${name}`);
    expect(stdout).toMatch(/--preset[^[]*\[default: mini for the demo set, paper for your images\]/);
  });
});

it('--version is the package version', async () => {
  const { code, stdout } = await program(['--version']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});
