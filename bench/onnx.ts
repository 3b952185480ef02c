/** A network as an ONNX model, for ONNX Runtime to run: protobuf by hand, opset 17, the input padded already. */

import { AlexNetError } from '../lib/errors.js';
import { unknownLayer, type Graph, type Layer } from '../lib/graph/graph.js';
import { classCount, layerShapes } from '../lib/graph/shapes.js';

export interface OnnxTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface OnnxOptions {
  readonly graph: Graph;
  readonly batch: number;
  /** Side of the input with the first layer's padding. */
  readonly side: number;
  /** 'conv1.weight', …; fully connected ones as out × in, dropout's factor in the weights behind it. */
  readonly weights: ReadonlyMap<string, OnnxTensor>;
  /** LRN as ONNX has it, or as a 1×1 convolution of the squares and square roots: vectors instead of powers. */
  readonly lrn: 'operator' | 'roots';
}

type ProtobufField = readonly Uint8Array[];

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Uint8Array.from([...bytes, rest]);
}

const integer = (field: number, value: number): ProtobufField => [varint(field * 8), varint(value)];
const block = (field: number, ...parts: readonly ProtobufField[]): ProtobufField => {
  const all = parts.flat();
  return [varint(field * 8 + 2), varint(all.reduce((sum, { length }) => sum + length, 0)), ...all];
};
const text = (field: number, value: string): ProtobufField => block(field, [Buffer.from(value)]);
const float = (field: number, value: number): ProtobufField => [
  varint(field * 8 + 5),
  new Uint8Array(Float32Array.of(value).buffer),
];

type Attribute = number | { readonly float: number } | readonly number[];

function attribute(name: string, value: Attribute): ProtobufField {
  const [types, fields]: [number, ProtobufField] =
    typeof value === 'number'
      ? [2, integer(3, value)]
      : 'float' in value
        ? [1, float(2, value.float)]
        : [7, value.flatMap((each) => integer(8, each))];
  return block(5, text(1, name), fields, integer(20, types));
}

const float32 = 1;

function valueInfo(field: number, name: string, shape: readonly number[]): ProtobufField {
  const dimensions = shape.map((extent) => block(1, integer(1, extent)));
  return block(field, text(1, name), block(2, block(1, integer(1, float32), block(2, ...dimensions))));
}

function tensor(name: string, { shape, data }: OnnxTensor): ProtobufField {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const dimensions = shape.flatMap((extent) => integer(1, extent));
  return block(5, dimensions, integer(2, float32), text(8, name), block(9, [raw]));
}

/** Nodes and tensors as they come up; `last` is the name of what the network has computed so far. */
class Builder {
  readonly nodes: ProtobufField[] = [];
  readonly tensors: ProtobufField[] = [];
  last = 'input';

  constructor(private readonly options: OnnxOptions) {}

  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs = [`y${this.nodes.length}`],
  ): string {
    const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    const names = [...inputs.map((name) => text(1, name)), ...outputs.map((name) => text(2, name))];
    this.nodes.push(block(1, ...names, text(4, op), ...list));
    return (this.last = outputs[0] as string);
  }

  constant(name: string, value: OnnxTensor): string {
    this.tensors.push(tensor(name, value));
    return name;
  }

  tensorsOf(name: string, roles: readonly string[] = ['weight', 'bias']): string[] {
    return roles.map((role) => {
      const key = `${name}.${role}`;
      const value = this.options.weights.get(key);
      if (!value) throw new AlexNetError('GRAPH', `expected numbers for ${key}, received none`);
      return this.constant(key, value);
    });
  }

  layer(layer: Layer, maps: number, first: boolean): void {
    switch (layer.kind) {
      case 'convolution': {
        const { kernel, stride, groups: group, padding } = layer;
        const pads = first ? [0, 0, 0, 0] : padding;
        const sizes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads, group };
        this.node('Conv', [this.last, ...this.tensorsOf(layer.name)], sizes);
        return;
      }
      case 'fully_connected':
        this.node('Flatten', [this.last]);
        this.node('Gemm', [this.last, ...this.tensorsOf(layer.name)], { transB: 1 });
        return;
      case 'activation':
        this.node(layer.function === 'relu' ? 'Relu' : 'Tanh', [this.last]);
        return;
      case 'lrn':
        return this.options.lrn === 'roots' ? this.roots(layer, maps) : this.lrn(layer);
      case 'batch_norm': {
        const names = ['weight', 'bias', 'running_mean', 'running_var'];
        const epsilon = { float: layer.epsilon };
        this.node('BatchNormalization', [this.last, ...this.tensorsOf(layer.name, names)], { epsilon });
        return;
      }
      case 'max_pool':
        this.node('MaxPool', [this.last], {
          kernel_shape: [layer.size, layer.size],
          strides: [layer.stride, layer.stride],
          ceil_mode: layer.round === 'up' ? 1 : 0,
        });
        return;
      case 'dropout':
        return;
      case 'map_norm':
        throw new AlexNetError('GRAPH', 'normalisation within maps has no operator in ONNX');
      default:
        unknownLayer(layer);
    }
  }

  /** Each group by itself. ONNX divides the sum by the window's length. */
  private lrn({ name, size, k, alpha, beta, groups }: Layer & { kind: 'lrn' }): void {
    const parts = Array.from({ length: groups }, (_, g) => `${name}.${g}`);
    this.node('Split', [this.last], { axis: 1 }, parts);
    const parameters = {
      size,
      alpha: { float: alpha * size },
      beta: { float: beta },
      bias: { float: k },
    };
    const normalised = parts.map((part) => this.node('LRN', [part], parameters));
    this.node('Concat', normalised, { axis: 1 });
  }

  /** s^0.75 = √s · √√s. */
  private roots({ name, size, k, alpha, beta, groups }: Layer & { kind: 'lrn' }, maps: number): void {
    if (beta !== 0.75) throw new AlexNetError('GRAPH', `${name}: square roots give 0.75, not ${beta}`);
    const own = maps / groups;
    const reach = Math.floor(size / 2);
    const band = Float32Array.from({ length: maps * own }, (_, place) =>
      Math.abs((Math.floor(place / own) % own) - (place % own)) <= reach ? alpha : 0,
    );
    const x = this.last;
    const inputs = [
      this.node('Mul', [x, x]),
      this.constant(`${name}.band`, { shape: [maps, own, 1, 1], data: band }),
      this.constant(`${name}.k`, { shape: [maps], data: new Float32Array(maps).fill(k) }),
    ];
    this.node('Conv', inputs, { kernel_shape: [1, 1], group: groups });
    const root = this.node('Sqrt', [this.last]);
    this.node('Mul', [root, this.node('Sqrt', [root])]);
    this.node('Div', [x, this.last]);
  }
}

/**
 * The model's file: `input` is batch × channels × side × side, `probabilities` batch × classes. Throws AlexNetError GRAPH for
 * a layer that ONNX does not have.
 */
export function onnxModel(options: OnnxOptions): Buffer {
  const { graph, batch, side } = options;
  const builder = new Builder(options);
  for (const [place, { layer, input }] of layerShapes(graph).entries())
    builder.layer(layer, input.channels, place === 0);
  builder.node('Softmax', [builder.last], { axis: 1 }, ['probabilities']);
  const network = block(
    7,
    ...builder.nodes,
    text(2, graph.name),
    ...builder.tensors,
    valueInfo(11, 'input', [batch, graph.input.channels, side, side]),
    valueInfo(12, 'probabilities', [batch, classCount(graph)]),
  );
  const [irVersion, opset] = [8, 17];
  return Buffer.concat([integer(1, irVersion), block(8, integer(2, opset)), network].flat());
}
