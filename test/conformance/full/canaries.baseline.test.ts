import { canarySuite } from '../canary-suite.js';
import { withIsa } from '../instructions.js';

withIsa('baseline', (title) => canarySuite({ backend: 'cpu', threads: 3 }, title));
