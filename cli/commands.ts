/** Every command of the program, in the order of its --help. */

import type { CliCommand } from './command.js';
import { bench } from './commands/bench.js';
import { build } from './commands/build.js';
import { classify } from './commands/classify.js';
import { devices } from './commands/devices.js';
import { evaluate } from './commands/evaluate.js';
import { inspect } from './commands/inspect.js';
import { plan } from './commands/plan.js';
import { prepare } from './commands/prepare.js';
import { train } from './commands/train.js';

export const commands: readonly CliCommand[] = [
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
