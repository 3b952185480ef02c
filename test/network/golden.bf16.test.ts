/** By the processor's own instructions for bfloat16, or as if it had AMX. */

import { cpuInfo } from '../../lib/runtime/native/cpu.js';
import { goldenNetworkSuite } from './golden-suite.js';

if (cpuInfo().bf16 === undefined) process.env['ALEXNET_NATIVE_BF16'] = 'emulated-amx';
goldenNetworkSuite({ devices: 'cpu', precision: 'bf16' });
goldenNetworkSuite({ devices: 'cpu:0/2,cpu:1/2', precision: 'bf16' });
