import { bf16Suite } from '../bf16-suite.js';
import { withBf16 } from '../instructions.js';

withBf16('emulated-amx', bf16Suite);
