import { withIsa } from '../instructions.js';
import { randomSuite } from '../random-suite.js';

withIsa('baseline', (title) => randomSuite('cpu', title));
