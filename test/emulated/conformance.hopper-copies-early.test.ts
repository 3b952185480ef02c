import { onEmulatedCards } from './cards.js';
import { wideConvolutions } from '../cuda/conformance.js';

// Copies happen at once and products late: a stage given back too early would show.
onEmulatedCards('devices=1,hopper=copies-early', () => {
  wideConvolutions('an emulated card');
});
