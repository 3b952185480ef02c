import { precisions } from '../../lib/plan/precision.js';
import { canaries } from '../cuda/conformance.js';
import { onCard } from './card.js';

onCard('nothing is written outside results and workspaces', () => {
  for (const precision of precisions) canaries('a card', precision);
});
