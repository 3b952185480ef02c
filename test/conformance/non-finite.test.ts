import { nonFiniteSuite } from './non-finite-suite.js';

nonFiniteSuite('cpu', 'the cpu');
