import { networkSuite } from '../cuda/network.js';
import { cards, onCard } from './card.js';

const precisions = ['fp32', 'tf32', 'bf16'] as const;

onCard('training', () => {
  networkSuite('a card', [
    ...precisions.map((precision) => ({ devices: 'cuda:0', precision })),
    ...precisions.map((precision) => ({ devices: 'cuda:0,cuda:0', precision })),
  ]);
});

onCard(
  'training on two cards',
  () => {
    networkSuite(`two of ${cards()} cards`, [
      { devices: 'cuda:0,cuda:1', precision: 'fp32' },
      { devices: 'cuda:0,cuda:1', precision: 'bf16' },
      { devices: 'cuda:0,cuda:1', precision: 'fp32', peerAccess: false },
    ]);
  },
  2,
);
