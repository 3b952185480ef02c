import { presetNames } from '../../../lib/graph/presets.js';
import { randomCases } from '../cases/index.js';
import { withIsa } from '../instructions.js';
import { nonFiniteSuite } from '../non-finite-suite.js';
import { randomSuite } from '../random-suite.js';
import { threadsSuite } from '../threads-suite.js';

withIsa('baseline', (title) => {
  randomSuite('cpu', title);
  nonFiniteSuite('cpu', title);
  threadsSuite(title, { cases: randomCases, presets: presetNames });
});
