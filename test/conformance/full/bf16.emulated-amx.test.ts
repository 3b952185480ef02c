import { bf16SuiteOn } from '../bf16-suite.js';

bf16SuiteOn('emulated-amx');
