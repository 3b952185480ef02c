/** Runs cases on a device and holds the results against each other. */

import { expect } from 'vitest';

import { bytesOf, type DType, type Tensor } from '../../lib/plan/commands.js';
import { Program } from '../../lib/runtime/native/program.js';
import { Device, type DeviceConfig } from '../../lib/runtime/native/device.js';
import type { NumberArray } from '../../lib/ops/tensor.js';
import { fromBfloat16, toBfloat16 } from '../../lib/runtime/bfloat16.js';
import { count, eachElement, type Case, type Operand } from './case.js';

/** Every backend the suite runs on, beside the reference that it is held against. */
export type TestedDevice = 'cpu' | 'cuda';

export type Results = Readonly<Record<string, NumberArray>>;

const alignment = 64;

/**
 * A device that tests share. A test that was given up leaves its run behind; the next one then gets a device of its own, and the
 * old one goes with that run.
 */
export class TestDevice implements Disposable {
  readonly #options: DeviceConfig;
  readonly #arenaBytes: number;
  #device: Device;
  #running = false;

  constructor(name: 'reference' | TestedDevice, threads = 2, arenaBytes = 64 * 2 ** 20) {
    this.#arenaBytes = arenaBytes;
    this.#options = name === 'cuda' ? { backend: name, index: 0 } : { backend: name, threads };
    this.#device = this.#open();
  }

  #open(): Device {
    const device = new Device(this.#options);
    device.reserve(this.#arenaBytes);
    return device;
  }

  [Symbol.dispose](): void {
    this.#device.close();
  }

  /** The contents of the case's results afterwards; with `wide` every operand of floats is a float64 one. */
  async run(test: Case, { wide = false } = {}): Promise<Results> {
    if (this.#running) this.#device = this.#open();
    const device = this.#device;
    this.#running = true;
    try {
      return await runOn(device, test, wide);
    } finally {
      if (device === this.#device) this.#running = false;
      else device.close();
    }
  }
}

async function runOn(device: Device, test: Case, wide: boolean): Promise<Results> {
  const places: Record<string, Tensor> = {};
  const contents: Record<string, NumberArray> = {};
  let end = 0;
  for (const [name, operand] of Object.entries(test.operands)) {
    const floats = operand.dtype === 'float32' || operand.dtype === 'bfloat16';
    const dtype: DType = wide && floats ? 'float64' : operand.dtype;
    const data = dtype === 'float64' ? Float64Array.from(numbersOf(operand.data)) : operand.data.slice();
    places[name] = { offset: end, shape: operand.shape, strides: operand.strides, dtype };
    contents[name] = data;
    device.write(end, data);
    end += Math.ceil((data.length * bytesOf[dtype]) / alignment) * alignment;
  }
  const commands = test.ops(places).map((op) => {
    const command = { ...op, label: op.op };
    const bytes = device.workspace(command);
    if (bytes === 0) return command;
    // Scratch holds whatever was there before.
    device.write(end, new Float32Array(Math.ceil(bytes / 4)).fill(NaN));
    return { ...command, workspace: { offset: end, bytes } };
  });
  using program = new Program([device], [commands]);
  await program.run({ number: test.step, learningRates: test.rates });
  const results = Object.entries(test.operands).filter(([, operand]) => operand.result);
  return Object.fromEntries(
    results.map(([name]) => {
      device.read(places[name]!.offset, contents[name]!);
      return [name, contents[name]!];
    }),
  );
}

/** ‖a − b‖ / max(‖b‖, floor); infinite where one of the two is NaN or infinite and the other differs. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>, floor = 0): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      if (!Object.is(x, y)) return Infinity;
      continue;
    }
    difference += (x - y) ** 2;
    norm += y * y;
  }
  return difference === 0 ? 0 : Math.sqrt(difference) / Math.max(Math.sqrt(norm), floor);
}

/** Zeros are the same with either sign, and so is NaN with whatever bits. */
const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

/** bfloat16 is kept as its 16 bits. */
const numbersOf = (data: NumberArray): NumberArray =>
  data instanceof Uint16Array ? fromBfloat16(data) : data;

/** What is left of a number in an operand's type. */
const inType = (dtype: DType, wanted: number): number => {
  const narrow = Float32Array.of(wanted);
  return (dtype === 'bfloat16' ? fromBfloat16(toBfloat16(narrow)) : narrow)[0]!;
};

const elements = (operand: Operand, data: NumberArray): number[] => {
  const numbers: number[] = [];
  eachElement(operand, (index) => numbers.push(data[index]!));
  return numbers;
};

/** The memory between the elements, which no command may change. */
function gaps(operand: Operand, data: NumberArray): NumberArray {
  const rest = numbersOf(data).slice();
  eachElement(operand, (index) => (rest[index] = 0));
  return rest;
}

/** A case with what came of it; on two devices the strides may differ. */
export interface Outcome {
  readonly test: Case;
  readonly results: Results;
}

/** Fails, showing the command, where a result is further from the reference's than `tolerance`. */
export function expectAgreement(actual: Outcome, oracle: Outcome, tolerance: number, about: string): void {
  const { test } = actual;
  for (const [name, operand] of Object.entries(test.operands)) {
    if (!operand.result) continue;
    const got = elements(operand, numbersOf(actual.results[name]!));
    const wanted = elements(oracle.test.operands[name]!, oracle.results[name]!);
    const message = (): string => `${name} of ${about}: ${JSON.stringify(test.ops(describePlaces(test)))}`;
    if (operand.result.as === 'exact') {
      const at = got.findIndex(
        (number, i) => !same(number, inType(operand.dtype, wanted[i]!)) && !same(number, wanted[i]!),
      );
      if (at >= 0) expect.fail(`${message()}: element ${at} is ${got[at]}, should be ${wanted[at]}`);
    } else {
      const floor = operand.result.magnitude * Math.sqrt(count(operand.shape));
      const error = relativeError(got, wanted, floor);
      if (!(error <= tolerance)) expect.fail(`${message()}: relative error ${error}`);
    }
    for (const outcome of [actual, oracle]) {
      const own = outcome.test.operands[name]!;
      if (relativeError(gaps(own, outcome.results[name]!), gaps(own, own.data)) !== 0) {
        expect.fail(`${message()}: memory between the elements has changed`);
      }
    }
  }
}

function describePlaces(test: Case): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(test.operands).map(([name, { shape, strides, dtype }]) => [
      name,
      { offset: 0, shape, strides, dtype },
    ]),
  );
}
