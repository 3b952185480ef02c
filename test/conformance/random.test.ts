import { randomSuite } from './random-suite.js';

// A few of those that test/conformance/full has, by the kernels that this processor gets.
randomSuite('cpu', 'the cpu', { casesPerOp: 40 });
