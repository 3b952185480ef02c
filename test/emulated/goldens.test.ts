import { onEmulatedCards } from './cards.js';
import { goldensAndProperties } from '../cuda/conformance.js';

// Whole layers; the detectors look at the conformance suite's small ones.
onEmulatedCards('devices=1,check=0', () => {
  goldensAndProperties('an emulated card');
});
