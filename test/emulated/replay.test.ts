import { onEmulatedCards } from './cards.js';
import { complaintSuite, pinnedSuite, queueSuite, transferSuite } from '../cuda/replay.js';

onEmulatedCards('devices=2,seed=11', () => {
  transferSuite('straight to the other card', [
    { backend: 'cuda', index: 0 },
    { backend: 'cuda', index: 1 },
  ]);
  transferSuite('through host memory', [
    { backend: 'cuda', index: 0, peerAccess: false },
    { backend: 'cuda', index: 1 },
  ]);
  transferSuite('on one card', [
    { backend: 'cuda', index: 0 },
    { backend: 'cuda', index: 0 },
  ]);
  complaintSuite();
  queueSuite();
  pinnedSuite();
});
