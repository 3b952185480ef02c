import { randomCases } from './cases/index.js';
import { threadsSuite } from './threads-suite.js';

// A few of those that test/conformance/full has, by the kernels that this processor gets.
threadsSuite('the cpu', { cases: randomCases, casesPerOp: 10, presets: ['mini', 'cifar'] });
