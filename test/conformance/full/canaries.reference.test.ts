import { canarySuite } from '../canary-suite.js';

canarySuite({ backend: 'reference' }, 'the reference');
