import { augmentationSuite } from './augmentation-suite.js';

augmentationSuite('reference', 'the reference');
augmentationSuite('cpu', 'the cpu');
