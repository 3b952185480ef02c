import { bf16Suite } from '../bf16-suite.js';
import { withBf16 } from '../instructions.js';

withBf16('amx', bf16Suite);
