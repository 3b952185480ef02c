/** The forward pass as commands, and the tape that the backward pass reads from the end. */

import { AlexNetError } from '../errors.js';
import { isLearned, unknownLayer, type LearnedLayer, type LocalLayer } from '../graph/graph.js';
import type { Seed } from '../random/philox.js';
import type { Activation, Dropout, Products } from './commands.js';
import type { PlanBuilder, Value } from './builder.js';
import { normalise } from './batch-norm.js';
import { multiplied, type DeviceParameters, type Parameters } from './parameters.js';
import { geometryOf, ownGroups, poolParameters } from './layer-parameters.js';
import { size, type PartitionedLayer } from './partition.js';
import type { ConvolutionPart, NormState, Piece, TapeEntry, Term } from './tape.js';
import { streams } from '../random/streams.js';

export interface ForwardOptions {
  readonly batch: number;
  readonly training: boolean;
  readonly seed: Seed;
  readonly products: Products;
  /** Names of layers whose output the host reads, whole. */
  readonly taps: readonly string[];
}

export interface Forward {
  readonly tape: readonly TapeEntry[];
  readonly logits: Value;
  readonly taps: ReadonlyMap<string, readonly Piece[]>;
}

export class ForwardPass {
  private readonly tape: TapeEntry[] = [];
  private readonly taps = new Map<string, readonly Piece[]>();
  private pieces: readonly Piece[] = [];

  constructor(
    private readonly builder: PlanBuilder,
    private readonly layers: readonly PartitionedLayer[],
    private readonly parameters: Parameters,
    private readonly options: ForwardOptions,
  ) {}

  run(images: readonly Value[]): Forward {
    for (let i = 0; i < this.layers.length;) {
      const layer = this.layers[i] as PartitionedLayer;
      const before = i;
      if (isLearned(layer.layer))
        i = this.convolution(i, layer.layer, this.parameters.products.get(layer.layer.name) ?? [], images);
      else i = this.local(i, layer.layer);
      const last = this.layers[i - 1]?.layer.name;
      for (const covered of this.layers.slice(before, i)) {
        if (!this.options.taps.includes(covered.layer.name)) continue;
        if (covered.layer.name !== last) {
          throw new AlexNetError(
            'USAGE',
            `layer ${covered.layer.name} is computed together with ${last}; read ${last}`,
          );
        }
        for (const piece of this.pieces) piece.value.keep = true;
        this.taps.set(covered.layer.name, this.pieces);
      }
    }
    for (const name of this.options.taps) {
      if (!this.taps.has(name)) throw new AlexNetError('USAGE', `the network has no layer ${name}`);
    }
    const logits = this.pieces[0];
    if (!logits || this.pieces.length !== 1)
      throw new AlexNetError('GRAPH', 'the last layer has to be learned');
    return { tape: this.tape, logits: logits.value, taps: this.taps };
  }

  private dropoutOn(layer: PartitionedLayer, rate: number): Map<number, Dropout> {
    const channels = layer.output.channels;
    return new Map(
      layer.ranges.map((range) => [
        range.device,
        {
          rate,
          seed: this.options.seed,
          stream: streams.dropout + layer.index,
          channels,
          channelOffset: range.from,
        },
      ]),
    );
  }

  /** A learned layer with the activation and dropout that follow it, in one command per term. */
  private convolution(
    i: number,
    definition: LearnedLayer,
    parameters: readonly DeviceParameters[],
    images: readonly Value[],
  ): number {
    const layer = this.layers[i] as PartitionedLayer;
    const { builder } = this;
    let next = i + 1;
    let activation: Activation = 'none';
    let dropout: Map<number, Dropout> | undefined;
    let scale = 1;
    const behind = this.layers[next]?.layer;
    if (behind?.kind === 'activation') {
      activation = behind.function;
      next++;
    }
    const dropped = this.layers[next];
    if (dropped?.layer.kind === 'dropout') {
      if (this.options.training) dropout = this.dropoutOn(dropped, dropped.layer.rate);
      else scale = 1 - dropped.layer.rate;
      next++;
    }

    const geometry = { ...geometryOf(definition, parameters.length), products: this.options.products };
    // The loss is computed from float32 logits, whatever the network computes in.
    const numbers = next === this.layers.length ? 'float32' : builder.numbers;
    const label = definition.name;
    const arrivals = this.exchange(label, parameters);
    const parts = parameters.map((own): ConvolutionPart => {
      const { device } = own.range;
      const shape = [this.options.batch, layer.output.height, layer.output.width, size(own.range)] as const;
      const y = builder.value(device, 'activations', label, shape, numbers);
      const terms = own.weights.map(({ source, shard }, place): Term => {
        const last = place === own.weights.length - 1;
        let x: Value;
        if (source === 'image') {
          x = images[device] as Value;
        } else if (source.device === device) {
          x = this.piece(device).value;
        } else {
          const arrival = arrivals.get(key(source.device, device));
          if (!arrival) throw new AlexNetError('GRAPH', `layer ${label}: device ${device} misses its input`);
          builder.emit(device, label, { op: 'wait', event: arrival.event });
          x = arrival.value;
        }
        const drop = last ? dropout?.get(device) : undefined;
        builder.emit(device, label, {
          op: 'convolution_forward',
          x,
          w: multiplied(shard),
          y,
          ...geometry,
          accumulate: place > 0,
          activation: last ? activation : 'none',
          scale: last ? scale : 1,
          ...(last && { bias: own.bias.value }),
          ...(drop && { dropout: drop }),
        });
        return { x, w: multiplied(shard), origin: source === 'image' ? undefined : source.device };
      });
      return { parameters: own, terms, output: { ...own.range, value: y } };
    });
    this.tape.push({ kind: 'convolution', layer: definition, geometry, parts, activation, dropout });
    this.pieces = parts.map((part) => part.output);
    return next;
  }

  /** Sends every piece to the devices that read it and do not hold it, as soon as it is computed. */
  private exchange(
    label: string,
    parameters: readonly DeviceParameters[],
  ): Map<string, { value: Value; event: number }> {
    const arrivals = new Map<string, { value: Value; event: number }>();
    for (const own of parameters) {
      for (const { source } of own.weights) {
        if (source === 'image' || source.device === own.range.device) continue;
        const sent = this.builder.transfer(
          this.piece(source.device).value,
          own.range.device,
          label,
          'forward',
        );
        arrivals.set(key(source.device, own.range.device), sent);
      }
    }
    return arrivals;
  }

  private piece(device: number): Piece {
    const piece = this.pieces.find((p) => p.device === device);
    if (!piece) throw new AlexNetError('GRAPH', `device ${device} holds no maps here`);
    return piece;
  }

  /**
   * A layer that every device applies to its own maps. LRN and the max-pool behind it are one command, so are batch
   * normalisation and its activation.
   */
  private local(i: number, definition: LocalLayer): number {
    const layer = this.layers[i] as PartitionedLayer;
    const { builder, options } = this;
    const following = this.layers[i + 1];
    const fusedPool =
      definition.kind === 'lrn' && following?.layer.kind === 'max_pool' ? following.layer : undefined;
    const { output } = fusedPool && following ? following : layer;
    const fusedActivation =
      definition.kind === 'batch_norm' && following?.layer.kind === 'activation'
        ? following.layer
        : undefined;
    const activation = fusedActivation?.function ?? 'none';
    const norms = new Map<number, NormState>();
    const inputs = this.pieces;
    const dropout =
      definition.kind === 'dropout' && options.training ? this.dropoutOn(layer, definition.rate) : undefined;
    const outputs = inputs.map((piece): Piece => {
      const { device, value: x } = piece;
      const label = definition.name;
      const y = builder.value(
        device,
        'activations',
        label,
        [options.batch, output.height, output.width, size(piece)],
        x.dtype,
      );
      switch (definition.kind) {
        case 'activation':
          builder.emit(device, label, { op: 'activation_forward', x, y, activation: definition.function });
          break;
        case 'lrn': {
          const lrn = ownGroups(definition, inputs.length);
          if (fusedPool) {
            builder.emit(device, `${label}+${fusedPool.name}`, {
              op: 'lrn_pool_forward',
              x,
              y,
              ...lrn,
              ...poolParameters(fusedPool),
            });
          } else builder.emit(device, label, { op: 'lrn_forward', x, y, ...lrn });
          break;
        }
        case 'map_norm': {
          const { size, k, alpha, beta } = definition;
          builder.emit(device, label, { op: 'map_norm_forward', x, y, size, k, alpha, beta });
          break;
        }
        case 'batch_norm': {
          const own = this.parameters.norms.get(label)?.find(({ range }) => range.device === device);
          if (!own) throw new AlexNetError('GRAPH', `device ${device} has no parameters of ${label}`);
          const kept = normalise(builder, definition, own, { x, y, activation }, options.training);
          if (kept) norms.set(device, kept);
          break;
        }
        case 'max_pool':
          builder.emit(device, label, { op: 'max_pool_forward', x, y, ...poolParameters(definition) });
          break;
        case 'dropout': {
          const mask = dropout?.get(device);
          if (mask) builder.emit(device, label, { op: 'dropout', x, y, dropout: mask });
          else builder.emit(device, label, { op: 'scale', x, y, factor: 1 - definition.rate });
          break;
        }
        default:
          unknownLayer(definition);
      }
      return { device, from: piece.from, to: piece.to, value: y };
    });
    this.tape.push({
      kind: 'local',
      layer: definition,
      fusedPool,
      activation,
      norms,
      inputs,
      outputs,
      dropout,
    });
    this.pieces = outputs;
    return fusedPool || fusedActivation ? i + 2 : i + 1;
  }
}

const key = (from: number, to: number): string => `${from}>${to}`;
