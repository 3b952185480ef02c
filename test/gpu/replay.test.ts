import { complaintSuite, pinnedSuite, queueSuite, transferSuite } from '../cuda/replay.js';
import { onCard } from './card.js';

onCard('replay', () => {
  transferSuite('on one card', [
    { backend: 'cuda', index: 0 },
    { backend: 'cuda', index: 0 },
  ]);
  complaintSuite();
  queueSuite();
  pinnedSuite();
});

onCard(
  'replay on two cards',
  () => {
    transferSuite('straight to the other card', [
      { backend: 'cuda', index: 0 },
      { backend: 'cuda', index: 1 },
    ]);
    transferSuite('through host memory', [
      { backend: 'cuda', index: 0, peerAccess: false },
      { backend: 'cuda', index: 1 },
    ]);
  },
  2,
);
