import { cardsAre } from './cards.js';
import { goldensAndProperties } from '../cuda/conformance.js';

cardsAre('devices=1');
goldensAndProperties('an emulated card');
