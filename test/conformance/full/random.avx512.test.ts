import { randomSuiteOn } from '../random-suite.js';

randomSuiteOn('avx512');
