import { onEmulatedCards } from './cards.js';
import { wideConvolutions } from '../cuda/conformance.js';

// Copies and products happen as late as the program allows.
onEmulatedCards('devices=1,hopper=late', () => {
  wideConvolutions('an emulated card');
});
