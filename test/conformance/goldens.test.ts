import { goldenSuite } from './golden-suite.js';

goldenSuite('reference', 1e-6);
goldenSuite('cpu', 1e-5);
