import { goldenNetworkSuite } from './golden-suite.js';

goldenNetworkSuite({ devices: 'cpu', precision: 'fp32' });
goldenNetworkSuite({ devices: 'cpu:0/2,cpu:1/2', precision: 'fp32' });
