/** The program: parse, run one command, end with its exit code. */

import { createRequire } from 'node:module';
import { exitCodes } from './command.js';
import { commands } from './commands.js';
import { parse, program } from './parser.js';
import { describeError, isAbort } from './ui/errors.js';
import { outputFailed, watchOutput } from './ui/lost-output.js';

/** From dist/cli. */
const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const isVerbose = (arg: string): boolean => /^--verbose(=true)?$/.test(arg);

async function main(args: readonly string[]): Promise<number> {
  try {
    const chosen = await parse(args, commands, { version, columns: process.stdout.columns ?? 100 });
    return chosen ? await chosen.command.run(chosen.given) : exitCodes.done;
  } catch (error) {
    if (isAbort(error)) {
      if (!outputFailed()) process.stderr.write(`${program}: stopped\n`);
      return exitCodes.interrupted;
    }
    const { text, exitCode } = describeError(error, args.some(isVerbose));
    process.stderr.write(`${text}\n`);
    return exitCode;
  }
}

watchOutput();
const exitCode = await main(process.argv.slice(2));
process.exitCode = outputFailed() ? exitCodes.failed : exitCode;
