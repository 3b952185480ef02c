import { bounded, onEmulatedCards } from './cards.js';
import { conformance } from '../cuda/conformance.js';

onEmulatedCards('devices=1,order=random,copies=random,seed=3', () => {
  conformance('an emulated card', 'tf32', { casesPerOp: 50, ...bounded });
});
