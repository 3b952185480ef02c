import { killedSuite } from '../train/killed-suite.js';

killedSuite('after ten kills in a row', {
  steps: 40,
  // Milliseconds, spread over start-up, training and saving.
  moments: [900, 350, 1200, 700, 1500, 500, 1000, 1350, 600, 1100],
  atLeast: 3,
});
