import { cardsAre } from './cards.js';
import { conformance } from '../cuda/conformance.js';

cardsAre('devices=1');
conformance('an emulated card', 'fp32', 50);
