/** Random shapes and numbers from a seed that a failure prints, so that it can be run again. */

import type { Activation } from '../../lib/plan/commands.js';
import { normals, randomBlock, seedWords } from '../../lib/random/philox.js';

/** From ALEXNET_NATIVE_TEST_SEED, or always the same. */
export const testSeed = Number(process.env['ALEXNET_NATIVE_TEST_SEED'] ?? 20120930);

export class Random {
  readonly #stream: number;
  readonly #case: number;
  #block = 0;
  #words: number[] = [];

  /** The numbers of case number `index` of the family `name`. */
  constructor(name: string, index: number) {
    this.#stream = Buffer.from(name).reduce((hash, byte) => (Math.imul(hash, 31) + byte) >>> 0, 7);
    this.#case = index;
  }

  word(): number {
    if (this.#words.length === 0) {
      this.#words = randomBlock(seedWords(testSeed), this.#stream, this.#case, this.#block++);
    }
    return this.#words.pop()!;
  }

  /** An integer from `low` to `high`, both possible. */
  integer(low: number, high: number): number {
    return low + (this.word() % (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.word() < probability * 4294967296;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)]!;
  }

  /** N(0, 1) numbers. */
  normal(length: number, deviation = 1): Float32Array {
    const numbers = new Float32Array(length + 1);
    for (let i = 0; i < length; i += 2) {
      const [a, b] = normals(this.word(), this.word());
      numbers.set([a * deviation, b * deviation], i);
    }
    return numbers.subarray(0, length);
  }

  /** What an activation writes: half zeros behind relu, −1 to 1 behind tanh. */
  behind(activation: Activation, length: number, deviation = 1): Float32Array {
    const numbers = this.normal(length, deviation);
    if (activation === 'relu') return numbers.map((one) => Math.max(0, one));
    return activation === 'tanh' ? numbers.map((one) => Math.tanh(one / deviation)) : numbers;
  }

  /** Small whole numbers, so that many are equal and their sums exact. */
  whole(length: number, low = -2, high = 2): Float32Array {
    return Float32Array.from({ length }, () => this.integer(low, high));
  }
}
