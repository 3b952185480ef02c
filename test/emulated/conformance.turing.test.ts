import { bounded, onEmulatedCards } from './cards.js';
import { conformance } from '../cuda/conformance.js';

// Below compute capability 8.0 bfloat16 is multiplied in float32.
onEmulatedCards('devices=1,capability=7.5', () => {
  conformance('an emulated card without tensor cores for it', 'bf16', { casesPerOp: 10, ...bounded });
});
