import { canarySuite } from '../canary-suite.js';
import { withIsa } from '../instructions.js';

withIsa('avx2', (title) => canarySuite({ backend: 'cpu', threads: 3 }, title));
