/** A program is checked completely before it runs, and a run that fails leaves everything usable. */

import { Worker } from 'node:worker_threads';

import { afterEach, describe, expect, it } from 'vitest';

import type { Command, Tensor } from '../../../lib/plan/commands.js';
import { Program } from '../../../lib/runtime/native/program.js';
import { Device } from '../../../lib/runtime/native/device.js';
import { binaryFile } from '../../../lib/runtime/native/binary.js';
import { changed, labelled, validCommand, validOps } from './program-commands.js';

const arena = 16384;
const open: Device[] = [];

function device(bytes = arena): Device {
  const made = new Device({ backend: 'reference' });
  open.push(made);
  made.reserve(bytes);
  return made;
}

afterEach(() => {
  for (const made of open.splice(0)) made.close();
});

const vector = (offset: number, c = 4): Tensor => ({ offset, shape: [1, 1, 1, c] });
const step = { number: 0, learningRates: [] };
const fill = (y: Tensor, value: number): Command => ({ op: 'fill', label: 'fill', y, value });
const wait = (event: number): Command => ({ op: 'wait', label: 'arrival', event });
const send = (x: Tensor, to: Tensor, to_device: number, event: number): Command => ({
  op: 'transfer',
  label: 'send',
  x,
  to,
  device: to_device,
  event,
});

describe('a valid program', () => {
  it.each(validOps().map((op) => [op.op, op] as const))('compiles and runs: %s', async (_, op) => {
    const on = device();
    const bytes = on.workspace(labelled(op));
    const workspace = { offset: arena - 1024, bytes };
    const program = new Program([on], [[{ ...labelled(op), ...(bytes > 0 && { workspace }) }]]);
    await expect(program.run({ number: 1, learningRates: [0.1, 0.2] })).resolves.toEqual({});
  });

  it('computes in place where the op says that it may', () => {
    const place = { offset: 0, shape: [1, 2, 2, 4] } as const;
    const other = { offset: 64, shape: [1, 2, 2, 4] } as const;
    const commands = [
      { ...validCommand('activation_forward'), x: place, y: place },
      { ...validCommand('activation_backward'), y: other, dy: place, dx: place },
      { ...validCommand('dropout'), x: place, y: place },
      { ...validCommand('scale'), x: place, y: place },
      { op: 'sum', label: 'sum', xs: [place, other], y: place },
    ] as Command[];
    expect(() => new Program([device()], [commands])).not.toThrow();
  });

  it('reads and writes channel slices of one tensor, which interleave', async () => {
    const slice = (offset: number): Tensor => ({ offset, shape: [2, 1, 3, 16], strides: [96, 96, 32] });
    const d = device();
    const numbers = Float32Array.from({ length: 192 }, (_, i) => i);
    d.write(0, numbers);
    await new Program([d], [[{ op: 'copy', label: 'slice', x: slice(0), y: slice(64) }]]).run(step);
    const result = new Float32Array(192);
    d.read(0, result);
    expect(Array.from(result)).toEqual(Array.from(numbers, (_, i) => (i % 32 < 16 ? i : i - 16)));
  });
});

/** What is wrong, with which op, which field becomes what, and what the message says. */
const refusals: [string, Command['op'], string, unknown, RegExp][] = [
  ['no such op', 'copy', 'op', 'covolution', /op is 'covolution'; expected the name of an op/],
  ['no label', 'copy', 'label', undefined, /label is missing; expected a string/],
  ['a missing operand', 'copy', 'x', undefined, /x is missing; expected a tensor/],
  ['a missing parameter', 'scale', 'factor', undefined, /factor is missing; expected a number/],
  [
    'a fraction for an integer',
    'max_pool_forward',
    'poolStride',
    1.5,
    /poolStride is 1.5; expected an integer/,
  ],
  [
    'a string for a flag',
    'convolution_forward',
    'accumulate',
    'no',
    /accumulate is 'no'; expected true or false/,
  ],
  ['an unknown type', 'copy', 'x.dtype', 'float16', /x.dtype is 'float16'; expected 'float32' or/],
  ['a negative offset', 'copy', 'x.offset', -64, /x.offset is -64; expected an integer from 0/],
  ['three dimensions', 'copy', 'x.shape', [1, 2, 3], /x.shape has 3 entries; expected 4/],
  ['an offset between places', 'copy', 'x.offset', 4, /at byte 4; expected a multiple of 64/],
  [
    'an operand past the arena',
    'copy',
    'y.offset',
    16320,
    /y is 2x2x2x4 at byte 16320 and ends at byte 16448, past the arena's 16384 bytes/,
  ],
  ['a dimension of zero', 'copy', 'x.shape.1', 0, /x has 0 rows; expected 1/],
  [
    'a size that overflows',
    'fill',
    'y.shape',
    [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1, 4],
    /larger than any arena/,
  ],
  [
    'strides that let elements overlap',
    'copy',
    'x.strides',
    [16, 8, 3],
    /column stride 3; expected at least 4/,
  ],
  [
    'an image stride below its rows',
    'copy',
    'x.strides',
    [15, 8, 4],
    /image stride 15; expected at least 16/,
  ],
  ['shapes that differ', 'copy', 'y.shape.3', 3, /y is 2x2x2x3; expected 2x2x2x4/],
  [
    'an integer tensor for numbers',
    'scale',
    'x.dtype',
    'int32',
    /x is int32; expected float32, float64 or bfloat16/,
  ],
  ['a wrong convolution output', 'convolution_forward', 'y.shape.1', 3, /y is 2x3x4x4; expected 2x4x4x4/],
  ['a kernel larger than the image', 'convolution_forward', 'padding', [0, 0, 0, -1], /padding is -1/],
  [
    'kernels of too many channels',
    'convolution_forward',
    'w.shape.3',
    4,
    /w is 4x3x3x4; expected 2 channels/,
  ],
  ['groups that do not divide', 'convolution_forward', 'groups', 3, /groups is 3; expected a divisor/],
  ['no groups', 'convolution_backward_data', 'groups', 0, /groups is 0; expected 1 to 4/],
  ['a stride of zero', 'convolution_backward_weights', 'stride', 0, /stride is 0; expected 1/],
  ['a bias of another length', 'convolution_forward', 'bias.shape.3', 2, /bias is 1x1x1x2; expected 1x1x1x4/],
  [
    'a wrong bias gradient',
    'convolution_backward_weights',
    'db.shape.3',
    2,
    /db is 1x1x1x2; expected 1x1x1x4/,
  ],
  ['a rate of one', 'dropout', 'dropout.rate', 1, /dropout.rate is 1.0; expected 0 to below 1/],
  [
    'dropout past the layer',
    'dropout',
    'dropout.channelOffset',
    5,
    /dropout.channelOffset is 5; expected 0 to 4/,
  ],
  ['a seed of one word', 'dropout', 'dropout.seed', [1], /dropout.seed has 1 entries; expected 2/],
  [
    'a scale that is not finite',
    'convolution_forward',
    'scale',
    Infinity,
    /scale is inf; expected a finite number/,
  ],
  ['too many pooled rows', 'max_pool_forward', 'y.shape.1', 3, /y is 2x3x2x4; expected 2x2x2x4 or fewer/],
  ['a pool of size zero', 'max_pool_backward', 'poolSize', 0, /poolSize is 0; expected 1/],
  ['LRN groups that do not divide', 'lrn_forward', 'groups', 3, /groups is 3; expected a divisor of x's 8/],
  ['an LRN window of zero', 'lrn_pool_forward', 'size', 0, /size is 0; expected 1/],
  [
    'labels of another type',
    'softmax_cross_entropy',
    'labels.dtype',
    'float32',
    /labels is float32; expected int32/,
  ],
  ['too few labels', 'softmax_cross_entropy', 'labels.shape.0', 2, /labels is 2x1x1x1; expected 3x1x1x1/],
  ['a momentum of another size', 'convolution_update', 'v.shape.1', 2, /v is 4x2x3x2; expected 4x3x3x2/],
  ['a copy of another size', 'convolution_update', 'copy.shape.0', 3, /copy is 3x3x3x2; expected 4x3x3x2/],
  ['a negative rate for weights', 'convolution_update', 'rate', -1, /rate is -1; expected 0/],
  [
    'a momentum that is no number',
    'convolution_update',
    'momentum',
    Infinity,
    /momentum is inf; expected a finite/,
  ],
  ['no segments', 'sgd', 'segments', [], /segments is empty/],
  [
    'a gradient of another size',
    'sgd',
    'segments.1.g.shape.3',
    4,
    /segments\[1\].g is 2x1x1x4; expected 2x1x1x8/,
  ],
  ['a negative rate index', 'sgd', 'segments.0.rate', -1, /segments\[0\].rate is -1; expected 0/],
  [
    'a crop larger than the image',
    'preprocess',
    'y.shape.1',
    7,
    /y is 2x7x4x3; expected at most the images' 6 rows/,
  ],
  [
    'a mean of another size',
    'preprocess',
    'mean.shape',
    [1, 4, 4, 3],
    /mean is 1x4x4x3; expected 1x6x6x3 or 1x1x1x3/,
  ],
  ['a deviation of zero', 'preprocess', 'deviation.1', 0, /deviation is 0.0; expected three positive/],
  [
    'a part outside the whole',
    'gaussian',
    'kernelOffset',
    3,
    /y is 2x3x3x2 from kernel 3 .* expected a part of whole/,
  ],
  [
    'a whole that overflows',
    'gaussian',
    'whole',
    [2 ** 53 - 1, 3, 3, 2 ** 53 - 1],
    /whole has 9007199254740991/,
  ],
  ['nothing to sum', 'sum', 'xs', [], /xs is empty/],
  ['a result over an operand', 'copy', 'y.offset', 0, /y overlaps x; expected a place of its own/],
  ['a partial overlap in place', 'scale', 'y.shape', [1, 1, 1, 16], /y is 1x1x1x16; expected 1x2x2x4/],
  [
    'outputs on one another',
    'softmax_cross_entropy',
    'dlogits.offset',
    128,
    /probabilities overlaps dlogits/,
  ],
  [
    'a workspace past the arena',
    'copy',
    'workspace',
    { offset: 16320, bytes: 65 },
    /workspace is 65 bytes at byte 16320, past/,
  ],
  ['a workspace on an operand', 'copy', 'workspace', { offset: 64, bytes: 1 }, /workspace overlaps x/],
];

describe('a bad program', () => {
  it.each(refusals)('is refused: %s', (_, op, path, value, message) => {
    const d = device();
    const bad = changed(validCommand(op), path, value);
    let thrown: unknown;
    try {
      new Program([d], [[fill(vector(0), 1), bad]]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'AlexNetError', code: 'BAD_PROGRAM' });
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message).toMatch(/^command 1 of device 0/);
    if (path !== 'label' && path !== 'op') {
      expect((thrown as Error).message).toContain(`command 1 of device 0 (${op}, layer): `);
    }
  });

  const schedules: [string, Command[][], RegExp][] = [
    [
      'a wait that nobody ends',
      [[wait(0)], []],
      /command 0 of device 0 \(wait, arrival\): waits for event 0, which no/,
    ],
    [
      'two that wait for one another',
      [
        [wait(1), send(vector(0), vector(0), 1, 0)],
        [wait(0), send(vector(64), vector(64), 0, 1)],
      ],
      /command 0 of device 0 \(wait, arrival\): waits for ever/,
    ],
    [
      'an event raised twice',
      [[send(vector(0), vector(0), 1, 0), send(vector(0), vector(64), 1, 0)], []],
      /command 1 of device 0 .*raises event 0, as does command 0 of device 0/,
    ],
    ['a transfer to itself', [[send(vector(0), vector(64), 0, 0)], []], /device is its own/],
    ['a transfer to nobody', [[send(vector(0), vector(64), 2, 0)], []], /device is 2; expected 0 to 1/],
    [
      'a transfer past the other arena',
      [[send(vector(0), vector(arena), 1, 0)], []],
      /to is 1x1x1x4 .* past the arena/,
    ],
    [
      'a transfer that changes shape',
      [[send(vector(0), vector(0, 3), 1, 0)], []],
      /to is 1x1x1x3; expected 1x1x1x4/,
    ],
    [
      'a write where a transfer still reads',
      [[send(vector(0), vector(0), 1, 0), fill(vector(0), 1)], []],
      /command 1 of device 0 \(fill, fill\): writes y where command 0 of device 0/,
    ],
    [
      'a read before the bytes are there',
      [[send(vector(0), vector(0), 1, 0)], [fill(vector(0), 1), wait(0)]],
      /command 0 of device 1 \(fill, fill\): uses y .* expected a wait for event 0 before it/,
    ],
    [
      'two arrivals in one place',
      [[send(vector(0), vector(0), 1, 0), send(vector(64), vector(0), 1, 1)], []],
      /puts its bytes where command 0 of device 0/,
    ],
  ];
  it.each(schedules)('is refused: %s', (_, lists, message) => {
    expect(() => new Program([device(), device()], lists)).toThrow(message);
  });

  it('is refused where devices and lists do not match', () => {
    const d = device();
    expect(() => new Program([d], [])).toThrow(/0 lists for 1 devices/);
    expect(() => new Program([d, d], [[], []])).toThrow(/device 1 is device 0 again/);
    expect(() => new Program([{} as Device], [[]])).toThrow();
    expect(() => new Program([], [])).toThrow(/no devices/);
  });
});

describe('a run', () => {
  it('carries two lists out beside one another, meeting at transfers', async () => {
    const [a, b] = [device(), device()];
    const [x, y, z] = [vector(0), vector(64), vector(128)];
    // a: x = 3, to b's y; b: x = y + y = 6, back to a's y; a: z = x + y = 9.
    const program = new Program(
      [a, b],
      [
        [fill(x, 3), send(x, y, 1, 7), wait(9), { op: 'sum', label: 'z', xs: [x, y], y: z }],
        [wait(7), { op: 'sum', label: 'x', xs: [y, y], y: x }, send(x, y, 0, 9)],
      ],
    );
    const data = new Float32Array(4);
    const { profile } = await program.run({
      ...step,
      reads: [{ device: 0, offset: 128, data }],
      profile: true,
    });
    expect(Array.from(data)).toEqual([9, 9, 9, 9]);
    expect(profile?.map(({ device: on, command }) => [on, command])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    for (const { start, end } of profile ?? []) expect(end).toBeGreaterThanOrEqual(start);
  });

  it('sends slices of channels', async () => {
    const [a, b] = [device(), device()];
    const from: Tensor = { offset: 64, shape: [2, 2, 2, 16], strides: [128, 64, 32] };
    const numbers = Float32Array.from({ length: 256 }, (_, i) => i);
    const data = new Float32Array(128);
    const program = new Program([a, b], [[send(from, { offset: 0, shape: [2, 2, 2, 16] }, 1, 0)], [wait(0)]]);
    await program.run({
      ...step,
      writes: [{ device: 0, offset: 0, data: numbers }],
      reads: [{ device: 1, offset: 0, data }],
    });
    expect(Array.from(data)).toEqual(Array.from(numbers).filter((_, i) => i % 32 >= 16));
  });

  it('queues behind another on the same devices', async () => {
    const d = device();
    const data = [new Float32Array(4), new Float32Array(4), new Float32Array(4)];
    const programs = [1, 2, 3].map((value) => new Program([d], [[fill(vector(0), value)]]));
    await Promise.all(
      programs.map((program, i) =>
        program.run({ ...step, reads: [{ device: 0, offset: 0, data: data[i]! }] }),
      ),
    );
    expect(data.map(([first]) => first)).toEqual([1, 2, 3]);
  });

  it('wakes the other device when one fails, names the command, and can be repeated', async () => {
    const [a, b] = [device(), device()];
    const label: Tensor = { offset: 128, shape: [1, 1, 1, 1], dtype: 'int32' };
    const program = new Program(
      [a, b],
      [
        [
          {
            op: 'softmax_cross_entropy',
            label: 'softmax',
            logits: vector(0),
            labels: label,
            dlogits: vector(64),
          },
          send(vector(64), vector(0), 1, 0),
        ],
        [wait(0)],
      ],
    );
    const run = (labels: number): Promise<unknown> =>
      program.run({ ...step, writes: [{ device: 0, offset: 128, data: new Int32Array([labels]) }] });
    await expect(run(99)).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringMatching(
        /^command 0 of device 0 \(softmax_cross_entropy, softmax\): .*label 99/,
      ) as string,
    });
    await expect(run(2)).resolves.toEqual({});
  });

  it('refuses what does not fit it, and goes on', async () => {
    const d = device();
    const program = new Program([d], [[validCommand('sgd')]]);
    const data = new Float32Array(4);
    const rates = [0.1, 0.1];
    const refused: [object, RegExp][] = [
      [{ number: 0, learningRates: [1] }, /1 learning rates; expected at least 2/],
      [{ number: -1, learningRates: rates }, /number is -1/],
      [{ number: 0, learningRates: [NaN] }, /learningRates\[0\] is NaN/],
      [
        { number: 0, learningRates: rates, writes: [{ device: 1, offset: 0, data }] },
        /names device 1; expected 0 to 0/,
      ],
      [
        { number: 0, learningRates: rates, reads: [{ device: 0, offset: arena - 8, data }] },
        /past the arena's/,
      ],
      [
        { number: 0, learningRates: rates, reads: [{ device: 0, offset: 0, data: [1] }] },
        /data is an array; expected a typed/,
      ],
    ];
    for (const [options, message] of refused)
      await expect(program.run(options as never)).rejects.toThrow(message);
    await expect(program.run({ number: 0, learningRates: rates })).resolves.toEqual({});
  });

  it('does not start on a closed device, a smaller arena or after close', async () => {
    const [a, b] = [device(), device()];
    const program = new Program([a, b], [[fill(vector(8192), 1)], []]);
    a.reserve(4096);
    await expect(program.run(step)).rejects.toThrow(
      /arena has 4096 bytes now; the program was compiled for 16384/,
    );
    a.reserve(arena);
    await program.run(step);
    b.close();
    b.close();
    await expect(program.run(step)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(() => b.write(0, new Uint8Array(1))).toThrow(/closed/);
    program.close();
    program.close();
    await expect(program.run(step)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

/** About a second of the reference backend's time, in many commands. */
function slow(d: Device): Program {
  const x: Tensor = { offset: 0, shape: [4, 16, 16, 16] };
  const y: Tensor = { offset: 65536, shape: [4, 16, 16, 16] };
  const command: Command = {
    op: 'lrn_forward',
    label: 'slow',
    x,
    y,
    size: 5,
    k: 2,
    alpha: 1,
    beta: 0.75,
    groups: 1,
  };
  return new Program([d], [Array.from({ length: 500 }, () => command)]);
}

describe('while a run is under way', () => {
  it('the event loop is free', async () => {
    const program = slow(device(131072));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);
    const started = performance.now();
    await program.run(step);
    const elapsed = performance.now() - started;
    clearInterval(timer);
    expect(elapsed).toBeGreaterThan(100);
    expect(ticks).toBeGreaterThan(elapsed / 40);
  });

  it('the arena is out of reach, and closing waits', async () => {
    const d = device(131072);
    const program = slow(d);
    const data = new Float32Array(4);
    const run = program.run({ ...step, reads: [{ device: 0, offset: 0, data }] });
    expect(() => d.write(0, data)).toThrow(/write: a run is under way on this device; await it first/);
    expect(() => d.read(0, data)).toThrow(/read: a run is under way/);
    expect(() => d.reserve(64)).toThrow(/reserve: a run is under way/);
    program.close();
    d.close();
    await expect(run).resolves.toEqual({});
  });

  it('its thread can be terminated', async () => {
    const code = `
      const { workerData, parentPort } = require('node:worker_threads');
      const { Device, Program } = require(workerData);
      const device = new Device({ backend: 'reference' });
      device.reserve(131072);
      const x = { offset: 0, shape: [4, 16, 16, 16] }, y = { offset: 65536, shape: [4, 16, 16, 16] };
      const command = { op: 'lrn_forward', label: 'slow', x, y, size: 5, k: 2, alpha: 1, beta: 0.75, groups: 1 };
      const program = new Program([device], [Array(2000).fill(command)]);
      const data = new Float32Array(16384);
      const reads = [{ device: 0, offset: 65536, data }];
      for (let i = 0; i < 3; i++) program.run({ number: i, learningRates: [], reads });
      parentPort.postMessage('running');
    `;
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(code, { eval: true, workerData: binaryFile() });
      await new Promise((done) => worker.once('message', done));
      await new Promise((done) => setTimeout(done, 5 * i));
      expect(await worker.terminate()).toBe(1);
    }
  });

  it('devices and programs may become garbage', async () => {
    const runs = Array.from({ length: 20 }, () => {
      const d = new Device({ backend: 'reference' });
      d.reserve(1024);
      return new Program([d], [Array.from({ length: 200 }, () => fill(vector(0), 1))]).run(step);
    });
    globalThis.gc?.();
    await Promise.all(runs);
  });
});
