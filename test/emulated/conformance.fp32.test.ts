import { bounded, onEmulatedCards } from './cards.js';
import { conformance } from '../cuda/conformance.js';

onEmulatedCards('devices=1', () => {
  conformance('an emulated card', 'fp32', { casesPerOp: 50, ...bounded });
});
