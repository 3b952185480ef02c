import { onEmulatedCards } from './cards.js';
import { wideConvolutions } from '../cuda/conformance.js';

// Copies and products happen when they are issued.
onEmulatedCards('devices=1,hopper=early', () => {
  wideConvolutions('an emulated card');
});
