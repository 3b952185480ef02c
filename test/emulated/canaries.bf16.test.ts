import { wideCases } from '../conformance/cases/index.js';
import { bounded, onEmulatedCards } from './cards.js';
import { canaries } from '../cuda/conformance.js';

// The emulator's own detectors know the arena as one allocation.
onEmulatedCards('devices=1,check=0', () => {
  canaries('an emulated card', 'bf16', { casesPerOp: 20, ...bounded });
  canaries('an emulated card, many maps,', 'bf16', { casesPerOp: 6, cases: wideCases, ...bounded });
});
