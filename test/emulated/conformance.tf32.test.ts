import { cardsAre } from './cards.js';
import { conformance } from '../cuda/conformance.js';

cardsAre('devices=1,order=random,copies=random,seed=3');
conformance('an emulated card', 'tf32', 50);
