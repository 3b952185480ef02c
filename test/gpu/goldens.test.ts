import { goldensAndProperties } from '../cuda/conformance.js';
import { onCard } from './card.js';

onCard('goldens and properties', () => goldensAndProperties('a card'));
