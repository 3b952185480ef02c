import { onEmulatedCards } from './cards.js';
import { wideConvolutions } from '../cuda/conformance.js';

// The cards before and after Hopper multiply by warps.
onEmulatedCards('devices=1,capability=8.0', () => {
  wideConvolutions('an emulated card of compute capability 8.0');
});
