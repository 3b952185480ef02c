/** What a command of the program is: plain data for the parser and `--help`, and a function that runs it. */

import type { Check } from './values.js';

export interface Option {
  readonly about: string;
  /** The heading it stands under in --help. */
  readonly group: string;
  /** A switch has no value: --flip, --no-flip. */
  readonly switch?: true;
  /** What holds without it, in words. */
  readonly default?: string;
}

export interface Positional {
  readonly name: string;
  readonly about: string;
}

export interface CliCommand {
  readonly name: string;
  /** In the order of the command line, as yargs writes them: <model> [data] <images..> */
  readonly usage: string;
  readonly about: string;
  readonly positionals: readonly Positional[];
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly (readonly [commandLine: string, explanation: string])[];
  /** Resolves to the exit code. */
  readonly run: (given: Given) => Promise<number>;
}

export const exitCodes = { done: 0, failed: 1, usedWrongly: 2, interrupted: 130 } as const;

/** What the user gave. */
export class Given {
  constructor(private readonly values: Readonly<Record<string, unknown>>) {}

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** What was written; the last one of an option given more than once. */
  raw(name: string): unknown {
    const value = this.values[name];
    return Array.isArray(value) ? (value as unknown[]).at(-1) : value;
  }

  /** The checked value of --name; undefined when it was not given. */
  flag<T>(name: string, check: Check<T>): T | undefined {
    return this.has(name) ? check(this.raw(name), `--${name}`) : undefined;
  }

  switch(name: string): boolean {
    return this.raw(name) === true;
  }

  /** A positional argument; yargs has made sure that required ones are there. */
  positional(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  positionals(name: string): string[] {
    const value = this.values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }
}

const output = 'Output:';

export const jsonOption: Option = {
  group: output,
  switch: true,
  about: 'JSON on stdout, everything else on stderr',
};

/** Options of every command that runs a network. */
export const deviceOptions = {
  devices: {
    group: 'Devices:',
    about:
      'Where it runs: cpu; cuda:0; cuda:0,cuda:1 or cpu:0/2,cpu:1/2 for the two-device schedule; reference',
    default: 'cpu',
  },
  threads: { group: 'Devices:', about: 'Threads over all CPU devices', default: 'the usable cores' },
  precision: {
    group: 'Devices:',
    about:
      'Compute type: fp32, tf32 (cards) or bf16. CPUs infer in bf16 with weights of half the size; to train in it they need AMX-BF16 or AVX512_BF16',
    default: 'bf16 on cards from compute capability 8.0 on, else fp32',
  },
  'peer-access': {
    group: 'Devices:',
    switch: true,
    about: 'Cards copy to each other directly (--no-peer-access: through host memory)',
    default: 'where it works',
  },
} as const satisfies Record<string, Option>;
