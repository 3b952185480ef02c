import { randomSuiteOn } from '../random-suite.js';

randomSuiteOn('baseline');
