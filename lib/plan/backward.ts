/**
 * The backward pass as commands. Where the forward pass sent maps to another device, the gradient of those maps comes
 * back and is added: the transpose of the same transfers. What has to be sent is computed first, what needs no waiting
 * next, so that copies overlap with computation.
 */

import { unknownLayer, type LocalLayer } from '../graph/graph.js';
import type { Activation } from './commands.js';
import type { PlanBuilder, Value } from './builder.js';
import { normaliseBackward } from './batch-norm.js';
import { ownGroups, poolParameters } from './layer-parameters.js';
import type { Shard } from './parameters.js';
import type { ConvolutionPart, Piece, TapeEntry } from './tape.js';

export type Update = 'layer' | 'within' | 'never';

/** On cards, which memory traffic limits, an update within the gradient's kernel saves some; the CPU writes gradients anyway. */
export const updateOn = (cards: boolean): Update => (cards ? 'within' : 'layer');

export interface BackwardOptions {
  readonly momentum: number;
  readonly weightDecay: number;
  readonly decayBiases: boolean;
  /**
   * When weights are updated: each layer as soon as its gradient is there, whose memory is then free; by the very command
   * that computes the gradient, which is never in memory, and the biases by one command at the end; or never, and the
   * gradients are kept to be read.
   */
  readonly update: Update;
}

type ConvolutionEntry = Extract<TapeEntry, { kind: 'convolution' }>;
type LocalEntry = Extract<TapeEntry, { kind: 'local' }>;

export interface ShardGradient {
  readonly shard: Shard;
  readonly value: Value;
}

export class BackwardPass {
  readonly gradients: ShardGradient[] = [];
  private readonly done = new Set<Shard>();
  /** Gradient with respect to the current layer's output, by device. */
  private current = new Map<number, Value>();

  constructor(
    private readonly builder: PlanBuilder,
    private readonly options: BackwardOptions,
  ) {}

  run(tape: readonly TapeEntry[], dlogits: Value): void {
    this.current.set(dlogits.device, dlogits);
    for (let i = tape.length - 1; i >= 0; i--) {
      const entry = tape[i] as TapeEntry;
      const below = tape[i - 1];
      if (entry.kind === 'convolution') this.convolution(entry, tape[i + 1]);
      else this.local(entry, tape[i + 1], below);
    }
    if (this.options.update === 'within')
      for (let device = 0; device < this.builder.devices; device++) this.update('update', device);
  }

  private at(device: number): Value {
    const value = this.current.get(device);
    if (!value) throw new Error(`no gradient on device ${device}`);
    return value;
  }

  private local(entry: LocalEntry, above: TapeEntry | undefined, below: TapeEntry | undefined): void {
    const { builder } = this;
    const definition = entry.layer;
    this.throughActivation(entry, entry.outputs, above);
    const activation = activationTakenAlong(entry, below);
    for (const { device, value: x, from } of entry.inputs) {
      const dy = this.at(device);
      const label = definition.name;
      const fresh = () => builder.value(device, 'gradients', `gradient of ${x.name}`, x.shape, x.dtype);
      let dx: Value;
      switch (definition.kind) {
        case 'activation': {
          dx = dy;
          const y = entry.outputs.find((piece) => piece.device === device && piece.from === from)?.value ?? x;
          builder.emit(device, label, {
            op: 'activation_backward',
            y,
            dy,
            dx,
            activation: definition.function,
          });
          break;
        }
        case 'lrn': {
          dx = fresh();
          const lrn = ownGroups(definition, entry.inputs.length);
          if (entry.fusedPool) {
            const pool = poolParameters(entry.fusedPool);
            const both = `${label}+${entry.fusedPool.name}`;
            builder.emit(device, both, { op: 'lrn_pool_backward', x, dy, dx, activation, ...lrn, ...pool });
          } else builder.emit(device, label, { op: 'lrn_backward', x, dy, dx, activation, ...lrn });
          break;
        }
        case 'map_norm': {
          dx = fresh();
          const { size, k, alpha, beta } = definition;
          builder.emit(device, label, { op: 'map_norm_backward', x, dy, dx, size, k, alpha, beta });
          break;
        }
        case 'batch_norm': {
          dx = fresh();
          const state = entry.norms.get(device);
          if (!state) throw new Error(`${label} kept nothing on device ${device}`);
          normaliseBackward(builder, label, state, { x, dy, dx }, (shard) => this.gradientOf(shard));
          break;
        }
        case 'max_pool': {
          dx = fresh();
          const pool = poolParameters(definition);
          builder.emit(device, label, { op: 'max_pool_backward', x, dy, dx, activation, ...pool });
          break;
        }
        case 'dropout': {
          dx = dy;
          const mask = entry.dropout?.get(device);
          if (mask) builder.emit(device, label, { op: 'dropout', x: dy, y: dx, dropout: mask });
          break;
        }
        default:
          unknownLayer(definition);
      }
      this.current.set(device, dx);
    }
  }

  /** The gradient behind a layer's fused activation and dropout, unless the layer above took it through them. */
  private throughActivation(entry: TapeEntry, outputs: readonly Piece[], above: TapeEntry | undefined): void {
    if (entry.kind === 'local' && entry.activation === 'none') return;
    if (entry.activation === 'none' && !entry.dropout) return;
    if (above?.kind === 'local' && activationTakenAlong(above, entry) !== 'none') return;
    for (const { device, value: y } of outputs) {
      const dropout = entry.dropout?.get(device);
      const dy = this.at(device);
      this.builder.emit(device, entry.layer.name, {
        op: 'activation_backward',
        y,
        dy,
        dx: dy,
        activation: entry.activation,
        ...(dropout && { dropout }),
      });
    }
  }

  private convolution(entry: ConvolutionEntry, above: TapeEntry | undefined): void {
    const label = entry.layer.name;
    this.throughActivation(
      entry,
      entry.parts.map(({ output }) => output),
      above,
    );
    const arrivals = this.sendBack(entry);
    const own = new Map<number, Value>();
    for (const part of entry.parts) {
      const { device } = part.output;
      const local = part.terms.find((term) => term.origin === device);
      if (local) own.set(device, this.inputGradient(entry, part, local));
      this.weightGradients(entry, part);
    }
    const incoming = new Map<number, Value>();
    for (const device of new Set([...own.keys(), ...arrivals.keys()])) {
      incoming.set(device, this.meet(label, device, own.get(device), arrivals.get(device) ?? []));
    }
    if (this.options.update === 'layer')
      for (const { output } of entry.parts) this.update(label, output.device);
    this.current = incoming;
  }

  private inputGradient(
    entry: ConvolutionEntry,
    part: ConvolutionPart,
    term: ConvolutionPart['terms'][number],
  ): Value {
    const { device } = part.output;
    const dx = this.builder.value(
      device,
      'gradients',
      `gradient of ${term.x.name}`,
      term.x.shape,
      term.x.dtype,
    );
    this.builder.emit(device, entry.layer.name, {
      op: 'convolution_backward_data',
      dy: this.at(device),
      w: term.w,
      dx,
      accumulate: false,
      ...entry.geometry,
    });
    return dx;
  }

  /** Gradients of other devices' maps, sent back as soon as they are computed. */
  private sendBack(entry: ConvolutionEntry): Map<number, { value: Value; event: number }[]> {
    const arrivals = new Map<number, { value: Value; event: number }[]>();
    for (const part of entry.parts) {
      for (const term of part.terms) {
        if (term.origin === undefined || term.origin === part.output.device) continue;
        const dx = this.inputGradient(entry, part, term);
        const sent = this.builder.transfer(dx, term.origin, entry.layer.name, 'backward');
        arrivals.set(term.origin, [...(arrivals.get(term.origin) ?? []), sent]);
      }
    }
    return arrivals;
  }

  /** Adds up a device's own gradient and the ones that came from others, in the devices' order. */
  private meet(
    label: string,
    device: number,
    own: Value | undefined,
    arrived: readonly { value: Value; event: number }[],
  ): Value {
    for (const { event } of arrived) this.builder.emit(device, label, { op: 'wait', event });
    const parts = [...(own ? [own] : []), ...arrived.map(({ value }) => value)];
    const first = parts[0] as Value;
    if (parts.length > 1) this.builder.emit(device, label, { op: 'sum', xs: parts, y: first });
    return first;
  }

  /** A place for the gradient of what a device holds. */
  private gradientOf(shard: Shard): Value {
    const { device, name, shape } = shard.value;
    const keep = this.options.update === 'never';
    const value = this.builder.value(device, 'gradients', `gradient of ${name}`, shape, 'float32', keep);
    this.gradients.push({ shard, value });
    return value;
  }

  /** Behind the gradient of the part's input, which reads the weights as they were. */
  private weightGradients(entry: ConvolutionEntry, part: ConvolutionPart): void {
    const { builder, options } = this;
    const { device } = part.output;
    part.terms.forEach((term, place) => {
      const weight = part.parameters.weights[place];
      if (!weight) return;
      const db = place === 0 && this.gradientOf(part.parameters.bias);
      const operands = { x: term.x, dy: this.at(device), ...(db && { db }), ...entry.geometry };
      const command =
        options.update === 'within'
          ? ({
              op: 'convolution_update',
              ...operands,
              ...this.updated(weight.shard),
              momentum: options.momentum,
            } as const)
          : ({ op: 'convolution_backward_weights', ...operands, dw: this.gradientOf(weight.shard) } as const);
      builder.emit(device, entry.layer.name, command);
    });
  }

  /** The paper's update of a device's parameters that have a gradient and are not updated yet, behind all commands that read them. */
  private update(label: string, device: number): void {
    const found = this.gradients.filter(
      ({ shard, value }) => value.device === device && !this.done.has(shard),
    );
    if (found.length === 0) return;
    for (const { shard } of found) this.done.add(shard);
    const segments = found.map(({ shard, value: g }) => ({ ...this.updated(shard), g }));
    this.builder.emit(device, label, { op: 'sgd', segments, momentum: this.options.momentum });
  }

  /** What an update changes, and how. */
  private updated({ layer, role, value: w, momentum: v, copy, rate }: Shard) {
    if (!v) throw new Error(`${layer} has no momentum`);
    const decay = role === 'weight' || this.options.decayBiases ? this.options.weightDecay : 0;
    return { w, v, ...(copy && { copy }), rate, decay };
  }
}

/** Whether a layer's backward command applies the derivative of the activation below it. */
const takesActivation: Readonly<Record<LocalLayer['kind'], boolean>> = {
  activation: false,
  lrn: true,
  map_norm: false,
  batch_norm: false,
  max_pool: true,
  dropout: false,
};

function activationTakenAlong(entry: LocalEntry, below: TapeEntry | undefined): Activation {
  return takesActivation[entry.layer.kind] && below && !below.dropout ? below.activation : 'none';
}
