import { killedSuite } from './killed-suite.js';

killedSuite('after a kill', { steps: 12, moments: ['saved'], atLeast: 1 });
