import { cardsAre } from './cards.js';
import { augmentationSuite } from '../conformance/augmentation-suite.js';

cardsAre('devices=1');
augmentationSuite('cuda:0', 'an emulated card', 1);
