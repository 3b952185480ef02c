import { onEmulatedCards } from './cards.js';
import { networkSuite } from '../cuda/network.js';

onEmulatedCards('devices=2', () => {
  networkSuite('emulated cards', [
    { devices: 'cuda:0', precision: 'fp32' },
    { devices: 'cuda:0,cuda:1', precision: 'fp32' },
    { devices: 'cuda:0,cuda:1', precision: 'bf16', peerAccess: false },
    { devices: 'cuda:1,cuda:1', precision: 'tf32' },
  ]);
});
