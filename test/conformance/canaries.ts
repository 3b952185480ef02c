/**
 * Runs a case in an arena full of canaries: every byte outside the operands that the commands write, and outside the workspace
 * that they asked for, has to be what it was.
 */

import { bytesOf, type Command, type Op, type Tensor } from '../../lib/plan/commands.js';
import { Program } from '../../lib/runtime/native/program.js';
import { type Device } from '../../lib/runtime/native/device.js';
import { denseStrides, eachElement, extent, type Case, type Operand } from './case.js';
import type { ComputeOpName } from './cases/index.js';

/** Which of its operands an op writes. */
const written: Readonly<Record<Exclude<ComputeOpName, 'sgd'>, readonly string[]>> = {
  convolution_forward: ['y'],
  convolution_backward_data: ['dx'],
  convolution_backward_weights: ['dw', 'db'],
  convolution_update: ['w', 'v', 'copy', 'db'],
  lrn_forward: ['y'],
  lrn_backward: ['dx'],
  map_norm_forward: ['y'],
  map_norm_backward: ['dx'],
  batch_norm_forward: ['y', 'mean', 'inverse', 'runningMean', 'runningVariance'],
  batch_norm_inference: ['y'],
  batch_norm_backward: ['dx', 'dgamma', 'dbeta'],
  max_pool_forward: ['y'],
  max_pool_backward: ['dx'],
  lrn_pool_forward: ['y'],
  lrn_pool_backward: ['dx'],
  activation_forward: ['y'],
  activation_backward: ['dx'],
  dropout: ['y'],
  scale: ['y'],
  softmax_cross_entropy: ['probabilities', 'losses', 'ranks', 'dlogits'],
  preprocess: ['y'],
  fill: ['y'],
  gaussian: ['y'],
  copy: ['y'],
  sum: ['y'],
};

export function writtenBy(op: Op): Tensor[] {
  if (op.op === 'transfer' || op.op === 'wait') return [];
  if (op.op === 'sgd') return op.segments.flatMap(({ w, v, copy }) => (copy ? [w, v, copy] : [w, v]));
  const operands = op as unknown as Readonly<Record<string, Tensor | undefined>>;
  return written[op.op].flatMap((name) => operands[name] ?? []);
}

/** At least so many bytes lie between what is placed. */
const guard = 4096;
const alignment = 64;
export const canaryArenaBytes = 64 * 2 ** 20;

/** Neighbours differ, and so do places that a copy may mix up. */
const words = new Uint32Array(canaryArenaBytes / 4);
for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 0x9e3779b1);
const pattern = new Uint8Array(words.buffer);

interface Span {
  readonly offset: number;
  readonly bytes: number;
}

interface NamedSpan extends Span {
  readonly name: string;
}

/** Places one behind the other, guards before, between and behind them. */
class Layout {
  readonly spans: NamedSpan[] = [];
  end = guard;

  place(name: string, bytes: number): number {
    const offset = Math.ceil(this.end / alignment) * alignment;
    this.spans.push({ name, offset, bytes });
    this.end = offset + bytes + guard;
    return offset;
  }
}

const bytesOfOperand = (operand: Operand): number => extent(operand) * bytesOf[operand.dtype];

/** The runs of bytes that a tensor's elements take up. */
function elementsOf({ offset, shape, strides = denseStrides(shape), dtype = 'float32' }: Tensor): Span[] {
  const spans: Span[] = [];
  const each = bytesOf[dtype];
  eachElement({ shape: [shape[0], shape[1], shape[2], 1], strides }, (index) =>
    spans.push({ offset: offset + index * each, bytes: shape[3] * each }),
  );
  return spans;
}

/** Where a byte lies, for the message of a test. */
function whereIs(byte: number, spans: readonly NamedSpan[]): string {
  const inside = spans.find(({ offset, bytes }) => byte >= offset && byte < offset + bytes);
  if (inside) return `byte ${byte - inside.offset} of ${inside.name} (${inside.bytes} bytes long)`;
  const before = spans.findLast(({ offset, bytes }) => byte >= offset + bytes);
  const after = spans.find(({ offset }) => byte < offset);
  return [
    ...(before ? [`${byte - before.offset - before.bytes} bytes behind ${before.name}`] : []),
    ...(after ? [`${after.offset - byte} bytes before ${after.name}`] : []),
  ].join(', ');
}

/** Where memory outside `spans` is not what it was; undefined where it is. `before` becomes what is there now. */
function changedOutside(
  device: Device,
  before: Uint8Array,
  spans: readonly Span[],
  layout: Layout,
): string | undefined {
  const after = new Uint8Array(before.length);
  device.read(0, after);
  for (const { offset, bytes } of spans) before.set(after.subarray(offset, offset + bytes), offset);
  if (Buffer.compare(before, after) === 0) return undefined;
  return `${whereIs(
    before.findIndex((value, i) => value !== after[i]),
    layout.spans,
  )} has changed`;
}

/** A convolution with a place for its packed weights, if the device packs them. */
function withPacked(device: Device, layout: Layout, command: Command): Command {
  if (command.op !== 'convolution_forward') return command;
  const bytes = device.packedBytes(command);
  if (bytes === 0) return command;
  const offset = layout.place('the packed weights', bytes);
  return { ...command, packed: { offset, shape: [1, 1, 1, bytes], dtype: 'uint8' } };
}

interface Choices {
  readonly mayWrite?: (op: Op) => readonly Tensor[];
  /** Whether convolutions read weights that the device has packed. */
  readonly packed?: boolean;
}

/** What a case writes where it must not; undefined where it does not. The device's arena has canaryArenaBytes. */
export async function strayWrite(
  device: Device,
  test: Case,
  { mayWrite = writtenBy, packed = false }: Choices = {},
): Promise<string | undefined> {
  const layout = new Layout();
  const at: Record<string, Tensor> = {};
  for (const [name, operand] of Object.entries(test.operands)) {
    const { shape, strides, dtype } = operand;
    at[name] = { offset: layout.place(name, bytesOfOperand(operand)), shape, strides, dtype };
  }
  const commands = test.ops(at).map((op): Command => {
    const plain = { ...op, label: op.op };
    const command = packed ? withPacked(device, layout, plain) : plain;
    const bytes = device.workspace(command);
    if (bytes === 0) return command;
    return { ...command, workspace: { offset: layout.place('the workspace', bytes), bytes } };
  });

  const memory = pattern.slice(0, layout.end);
  for (const [name, { data }] of Object.entries(test.operands)) {
    const numbers = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const place = at[name]!;
    // The gaps between the elements remain canaries.
    for (const { offset, bytes } of elementsOf(place)) {
      const start = offset - place.offset;
      memory.set(numbers.subarray(start, start + bytes), offset);
    }
  }
  device.write(0, memory);
  const about = JSON.stringify(commands);
  for (const command of commands) {
    if (command.op !== 'convolution_forward' || !command.packed) continue;
    device.pack(command);
    const found = changedOutside(device, memory, elementsOf(command.packed), layout);
    if (found) return `packing: ${found}: ${about}`;
  }
  using program = new Program([device], [commands]);
  await program.run({ number: test.step, learningRates: test.rates });
  const results = commands.flatMap(mayWrite).flatMap(elementsOf);
  const scratch = commands.flatMap(({ workspace }) => (workspace ? [workspace] : []));
  const found = changedOutside(device, memory, [...results, ...scratch], layout);
  return found && `${found}: ${about}`;
}
