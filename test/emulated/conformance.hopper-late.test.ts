import { cardsAre } from './cards.js';
import { wideConvolutions } from '../cuda/conformance.js';

// Copies and products happen as late as the program allows.
cardsAre('devices=1,hopper=late');
wideConvolutions('an emulated card');
