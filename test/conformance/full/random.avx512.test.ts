import { withIsa } from '../instructions.js';
import { randomSuite } from '../random-suite.js';

withIsa('avx512', (title) => randomSuite('cpu', title));
