/** The program: parse, run one command, end with its exit code. */

import { createRequire } from 'node:module';
import { exitCodes, type CliCommand } from './command.js';
import { bench } from './commands/bench.js';
import { build } from './commands/build.js';
import { classify } from './commands/classify.js';
import { devices } from './commands/devices.js';
import { evaluate } from './commands/evaluate.js';
import { inspect } from './commands/inspect.js';
import { plan } from './commands/plan.js';
import { prepare } from './commands/prepare.js';
import { train } from './commands/train.js';
import { parse, program } from './parser.js';
import { describeError, isAbort } from './ui/errors.js';
import { watchPipes } from './ui/pipes.js';

const commands: readonly CliCommand[] = [
  train,
  evaluate,
  classify,
  prepare,
  inspect,
  plan,
  devices,
  bench,
  build,
];

/** From dist/cli. */
const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

async function main(args: readonly string[]): Promise<number> {
  try {
    const chosen = await parse(args, commands, { version, columns: process.stdout.columns ?? 100 });
    return chosen ? await chosen.command.run(chosen.given) : exitCodes.done;
  } catch (error) {
    if (isAbort(error)) {
      process.stderr.write(`${program}: stopped\n`);
      return exitCodes.interrupted;
    }
    const { text, exitCode } = describeError(error, args.includes('--verbose'));
    process.stderr.write(`${text}\n`);
    return exitCode;
  }
}

watchPipes();
process.exitCode = await main(process.argv.slice(2));
