import { onEmulatedCards } from './cards.js';
import { augmentationSuite } from '../conformance/augmentation-suite.js';

onEmulatedCards('devices=1', () => {
  augmentationSuite('cuda:0', 'an emulated card', 1);
});
