import { onEmulatedCards } from './cards.js';
import { wideConvolutions } from '../cuda/conformance.js';

// Products happen at once and copies late: a stage read too early would show.
onEmulatedCards('devices=1,hopper=products-early', () => {
  wideConvolutions('an emulated card');
});
