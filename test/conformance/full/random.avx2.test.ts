import { withIsa } from '../instructions.js';
import { randomSuite } from '../random-suite.js';

withIsa('avx2', (title) => randomSuite('cpu', title));
