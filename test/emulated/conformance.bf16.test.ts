import { cardsAre } from './cards.js';
import { conformance } from '../cuda/conformance.js';

cardsAre('devices=1,order=reverse,copies=early');
conformance('an emulated card', 'bf16', 50);
