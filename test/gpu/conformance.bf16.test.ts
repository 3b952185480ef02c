import { conformance, wideConvolutions } from '../cuda/conformance.js';
import { onCard } from './card.js';

onCard('conformance in bf16', () => {
  conformance('a card', 'bf16');
  wideConvolutions('a card');
});
