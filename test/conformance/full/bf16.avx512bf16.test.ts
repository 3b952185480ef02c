import { bf16SuiteOn } from '../bf16-suite.js';

bf16SuiteOn('avx512bf16');
