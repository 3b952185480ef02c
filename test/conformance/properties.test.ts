import { propertiesSuite } from './properties-suite.js';

propertiesSuite('reference');
propertiesSuite('cpu');
