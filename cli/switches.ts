/** What is written after a switch and an equals sign: true or false. */

import type { Option } from './command.js';
import { refuse } from './values.js';

/** Of every command. */
const common = ['help', 'version', 'verbose'];

/**
 * The arguments for yargs, which takes any other word for false and knows no --no-flip=true. Throws a USAGE error where a
 * switch has another value.
 */
export function plainSwitches(args: readonly string[], options: Readonly<Record<string, Option>>): string[] {
  const end = args.indexOf('--');
  return args.map((arg, index) => {
    const [, flag, no, name, value] = /^(--(no-)?([^=]+))=(.*)$/s.exec(arg) ?? [];
    if (flag === undefined || name === undefined || (end >= 0 && index > end)) return arg;
    if (!options[name]?.switch && !common.includes(name)) return arg;
    if (value !== 'true' && value !== 'false') refuse('true or false', flag, value);
    return (value === 'true') === (no === undefined) ? `--${name}` : `--no-${name}`;
  });
}
