import { bf16Suite } from '../bf16-suite.js';
import { withBf16 } from '../instructions.js';

withBf16('emulated-avx512bf16', bf16Suite);
