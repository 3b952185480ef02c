import { conformance } from '../cuda/conformance.js';
import { onCard } from './card.js';

onCard('conformance in fp32', () => conformance('a card', 'fp32'));
