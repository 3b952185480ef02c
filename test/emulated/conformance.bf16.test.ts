import { bounded, onEmulatedCards } from './cards.js';
import { conformance } from '../cuda/conformance.js';

onEmulatedCards('devices=1,order=reverse,copies=early', () => {
  conformance('an emulated card', 'bf16', { casesPerOp: 50, ...bounded });
});
