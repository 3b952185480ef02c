import { conformance } from '../cuda/conformance.js';
import { onCard } from './card.js';

onCard('conformance in bf16', () => conformance('a card', 'bf16', 200));
