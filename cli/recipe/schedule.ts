/** The learning rate's schedule from flags, over the one it would have without them. */

import { AlexNetError } from '../../lib/errors.js';
import type { Schedule } from '../../lib/run/recipe.js';
import { unreachable } from '../../lib/unreachable.js';
import type { Given, Option } from '../command.js';
import { aboveOne, oneOf, positiveWhole, risingEpochs } from '../values.js';

const group = 'Learning:';

export const scheduleOptions: Readonly<Record<string, Option>> = {
  schedule: {
    group,
    about: 'plateau (divide ε when the validation error stops improving), step or constant',
    default: "the preset's",
  },
  'step-at': { group, about: 'step: the epochs at which ε is divided, for example 30,60' },
  factor: { group, about: 'plateau, step: what ε is divided by', default: '10' },
  patience: { group, about: 'plateau: validations without a better one before ε is divided', default: '5' },
};

/** What does not fit the kind of schedule is a mistake rather than something to pass over. */
function reject(given: Given, flag: string, kind: string, remedy: string): void {
  if (given.has(flag))
    throw new AlexNetError('USAGE', `--${flag} has no meaning with the ${kind} schedule; ${remedy}`);
}

/** Undefined when the flags leave the schedule as it is. */
export function scheduleFrom(given: Given, standard: Schedule): Schedule | undefined {
  const asked = given.flag('schedule', oneOf(['plateau', 'step', 'constant']));
  const stepAt = given.flag('step-at', risingEpochs);
  const factor = given.flag('factor', aboveOne);
  const patience = given.flag('patience', positiveWhole);
  if (asked === undefined && stepAt === undefined && factor === undefined && patience === undefined)
    return undefined;
  const kind = asked ?? (stepAt ? 'step' : standard.kind);
  switch (kind) {
    case 'plateau': {
      reject(given, 'step-at', kind, 'add --schedule step');
      const from = standard.kind === 'plateau' ? standard : { factor: 10, reductions: 3, patience: 5 };
      const { reductions } = from;
      return { kind, factor: factor ?? from.factor, reductions, patience: patience ?? from.patience };
    }
    case 'step': {
      reject(given, 'patience', kind, 'add --schedule plateau');
      if (stepAt) {
        const changes = stepAt.map((epoch, i) => ({ epoch, times: 1 / (factor ?? 10) ** (i + 1) }));
        return { kind, changes };
      }
      if (standard.kind === 'step' && factor === undefined) return undefined;
      throw new AlexNetError('USAGE', 'expected --step-at with --schedule step, for example --step-at 30,60');
    }
    case 'constant':
      for (const flag of ['step-at', 'factor']) reject(given, flag, kind, 'add --schedule step');
      reject(given, 'patience', kind, 'add --schedule plateau');
      return { kind };
    default:
      return unreachable(kind);
  }
}
