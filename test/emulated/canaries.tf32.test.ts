import { bounded, onEmulatedCards } from './cards.js';
import { canaries } from '../cuda/conformance.js';

onEmulatedCards('devices=1,check=0', () => {
  canaries('an emulated card', 'tf32', { casesPerOp: 20, ...bounded });
});
