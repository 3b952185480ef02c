/**
 * The backward pass as commands. Where the forward pass sent maps to another device, the gradient of those maps comes
 * back and is added: the transpose of the same transfers. What has to travel is computed first, what needs no waiting
 * next, so that copies run under computation.
 */

import type { Activation, Command } from './commands.js';
import type { PlanBuilder, Value } from './builder.js';
import { ownGroups, type ConvolutionPart, type TapeEntry } from './forward.js';
import type { Shard } from './parameters.js';

export type Update = 'layer' | 'end' | 'never';

/** One update of everything is one launch on a card; in host memory the gradients' room is worth more. */
export const updateOn = (cards: boolean): Update => (cards ? 'end' : 'layer');

export interface BackwardOptions {
  readonly momentum: number;
  readonly weightDecay: number;
  readonly decayBiases: boolean;
  /**
   * When weights are updated: each layer as soon as its gradient is there, whose memory is then free; all by one
   * command at the end, as a card likes it; or never, and the gradients are kept to be read.
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
      else this.local(entry, below);
    }
    if (this.options.update !== 'end') return;
    const parts = tape.flatMap((entry) => (entry.kind === 'convolution' ? entry.parts : []));
    for (let device = 0; device < this.builder.devices; device++) {
      this.update(
        'update',
        parts.filter(({ output }) => output.device === device),
      );
    }
  }

  private at(device: number): Value {
    const value = this.current.get(device);
    if (!value) throw new Error(`no gradient on device ${device}`);
    return value;
  }

  private local(entry: LocalEntry, below: TapeEntry | undefined): void {
    const { builder } = this;
    const definition = entry.layer.layer;
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
          if (entry.fusedPool?.layer.kind === 'max_pool') {
            const pool = { poolSize: entry.fusedPool.layer.size, poolStride: entry.fusedPool.layer.stride };
            const both = `${label}+${entry.fusedPool.layer.name}`;
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
        case 'max_pool': {
          dx = fresh();
          const pool = { poolSize: definition.size, poolStride: definition.stride };
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
          throw new Error(`layer ${definition.name} is not applied map by map`);
      }
      this.current.set(device, dx);
    }
  }

  private convolution(entry: ConvolutionEntry, above: TapeEntry | undefined): void {
    const { builder } = this;
    const label = entry.layer.layer.name;
    const alreadyThrough = above?.kind === 'local' && activationTakenAlong(above, entry) !== 'none';
    if ((entry.activation !== 'none' || entry.dropout) && !alreadyThrough) {
      for (const { output } of entry.parts) {
        const dropout = entry.dropout?.get(output.device);
        const dy = this.at(output.device);
        builder.emit(output.device, label, {
          op: 'activation_backward',
          y: output.value,
          dy,
          dx: dy,
          activation: entry.activation,
          ...(dropout && { dropout }),
        });
      }
    }
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
    if (this.options.update === 'layer') for (const part of entry.parts) this.update(label, [part]);
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
    this.builder.emit(device, entry.layer.layer.name, {
      op: 'convolution_backward_data',
      dy: this.at(device),
      w: term.w,
      dx,
      accumulate: false,
      ...entry.geometry,
    });
    return dx;
  }

  /** Gradients of other devices' maps, sent home as soon as they are there. */
  private sendBack(entry: ConvolutionEntry): Map<number, { value: Value; event: number }[]> {
    const arrivals = new Map<number, { value: Value; event: number }[]>();
    for (const part of entry.parts) {
      for (const term of part.terms) {
        if (term.origin === undefined || term.origin === part.output.device) continue;
        const dx = this.inputGradient(entry, part, term);
        const sent = this.builder.transfer(dx, term.origin, entry.layer.layer.name, 'backward');
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

  private weightGradients(entry: ConvolutionEntry, part: ConvolutionPart): void {
    const { builder, options } = this;
    const { device } = part.output;
    const gradientOf = (shard: Shard): Value => {
      const name = `gradient of ${shard.value.name}`;
      const value = builder.value(
        device,
        'gradients',
        name,
        shard.value.shape,
        'float32',
        options.update === 'never',
      );
      this.gradients.push({ shard, value });
      return value;
    };
    part.terms.forEach((term, place) => {
      const weight = part.parameters.weights[place];
      if (!weight) return;
      const dw = gradientOf(weight.shard);
      const db = place === 0 ? gradientOf(part.parameters.bias) : undefined;
      builder.emit(device, entry.layer.layer.name, {
        op: 'convolution_backward_weights',
        x: term.x,
        dy: this.at(device),
        dw,
        ...(db && { db }),
        ...entry.geometry,
      });
    });
  }

  /** The paper's update of parts of layers on one device, behind everything that reads their weights. */
  private update(label: string, parts: readonly ConvolutionPart[]): void {
    const { weightDecay, decayBiases, momentum } = this.options;
    const shards = parts.flatMap(({ parameters }) => [
      ...parameters.weights.map(({ shard }) => shard),
      parameters.bias,
    ]);
    type Segments = Extract<Command<Value>, { op: 'sgd' }>['segments'];
    const segments = shards.map((shard): Segments[number] => {
      const g = this.gradients.find((gradient) => gradient.shard === shard)?.value;
      if (!g || !shard.momentum) throw new Error(`${shard.layer} has no gradient or momentum`);
      const decay = shard.role === 'weight' || decayBiases ? weightDecay : 0;
      const { value: w, momentum: v, copy, rate } = shard;
      return { w, v, g, ...(copy && { copy }), rate, decay };
    });
    const device = parts[0]?.output.device;
    if (device !== undefined) this.builder.emit(device, label, { op: 'sgd', segments, momentum });
  }
}

/** The activation whose derivative a normalising or pooling layer applies in its own backward pass. */
function activationTakenAlong(entry: LocalEntry, below: TapeEntry | undefined): Activation {
  const takes = entry.layer.layer.kind === 'lrn' || entry.layer.layer.kind === 'max_pool';
  return takes && below?.kind === 'convolution' && !below.dropout ? below.activation : 'none';
}
