import { conformance } from '../cuda/conformance.js';
import { onCard } from './card.js';

onCard('conformance in tf32', () => conformance('a card', 'tf32'));
