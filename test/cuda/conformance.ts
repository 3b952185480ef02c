/** The conformance suite of the CPU backend over the CUDA one, in every precision. */

import type { Precision } from '../../lib/plan/precision.js';
import { canarySuite } from '../conformance/canary-suite.js';
import { wideCases } from '../conformance/cases/index.js';
import { goldenSuite } from '../conformance/golden-suite.js';
import { nonFiniteSuite } from '../conformance/non-finite-suite.js';
import { propertiesSuite } from '../conformance/properties-suite.js';
import { tolerances } from '../conformance/precision.js';
import { randomSuite, type SuiteOptions } from '../conformance/random-suite.js';

export function conformance(where: string, precision: Precision, options: SuiteOptions = {}): void {
  randomSuite('cuda', `${where} in ${precision}`, { ...options, precision });
  nonFiniteSuite('cuda', `${where} in ${precision}`, { precision });
}

export function canaries(where: string, precision: Precision, options: SuiteOptions = {}): void {
  canarySuite({ backend: 'cuda', index: 0 }, `${where} in ${precision}`, { ...options, precision });
}

/** Convolutions of many maps: Hopper multiplies them by warpgroups. */
export function wideConvolutions(where: string): void {
  randomSuite('cuda', `${where}, many maps,`, { precision: 'bf16', casesPerOp: 12, cases: wideCases });
}

export function goldensAndProperties(where: string): void {
  goldenSuite('cuda:0', tolerances.fp32, where);
  propertiesSuite('cuda');
}
