import { precisions } from '../../lib/plan/precision.js';
import { goldenNetworkSuite } from '../network/golden-suite.js';
import { onCard } from './card.js';

onCard("the paper's network", () => {
  for (const precision of precisions) goldenNetworkSuite({ devices: 'cuda:0', precision });
  goldenNetworkSuite({ devices: 'cuda:0,cuda:0', precision: 'fp32' });
});
