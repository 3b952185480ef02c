import { bf16Cases } from '../bf16-suite.js';
import { canarySuite } from '../canary-suite.js';
import { withBf16 } from '../instructions.js';

withBf16('amx', (kernels) => {
  canarySuite({ backend: 'cpu', threads: 3 }, `bf16 by ${kernels}`, bf16Cases);
});
