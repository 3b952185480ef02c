/** What cards do beside computing: transfers of every shape, complaints about labels and crops, runs in a row. */

import { describe, expect, it } from 'vitest';
import type { Command, Tensor } from '../../lib/plan/commands.js';
import { pin, unpin } from '../../lib/runtime/native/pinned-memory.js';
import { Program } from '../../lib/runtime/native/program.js';
import { Device, type DeviceConfig } from '../../lib/runtime/native/device.js';

const arena = 2 ** 20;

async function withDevices<T>(
  options: readonly DeviceConfig[],
  use: (devices: Device[]) => Promise<T>,
): Promise<T> {
  const devices = options.map((one) => new Device(one));
  try {
    for (const device of devices) device.reserve(arena);
    return await use(devices);
  } finally {
    for (const device of devices) device.close();
  }
}

/** Every second pair of channels of rows that lie apart, into a dense place and the other way round. */
const shape = [3, 4, 5, 6] as const;
const dense: Tensor = { offset: 0, shape };
const apart: Tensor = { offset: 4096, shape, strides: [4 * 80 + 7, 80, 16] };

export const places = [
  ['dense to dense', dense, { ...dense, offset: 65536 }],
  ['a slice of channels to dense', apart, { ...dense, offset: 65536 }],
  ['dense to a slice of channels', dense, { ...apart, offset: 65536 }],
  ['slice to slice', apart, { ...apart, offset: 131072 }],
] as const;

export function transferSuite(where: string, cards: readonly [DeviceConfig, DeviceConfig]): void {
  it.each(places)(`${where}: %s`, async (_, x, to) => {
    await withDevices(cards, async ([from, into]) => {
      const elements = 3 * (4 * 80 + 7);
      const sent = Float32Array.from({ length: elements }, (_, i) => i + 1);
      from!.write(x.offset, sent);
      const untouched = new Float32Array(elements).fill(-1);
      into!.write(to.offset, untouched);
      const lists: Command[][] = [
        [{ op: 'transfer', label: 'there', x, to, device: 1, event: 0 }],
        [{ op: 'wait', label: 'there', event: 0 }],
      ];
      const program = new Program([from!, into!], lists);
      // Queued one by one, then as a graph, twice.
      for (let run = 0; run < 3; run++) await program.run({ number: run, learningRates: [] });
      program.close();
      const received = new Float32Array(elements);
      into!.read(to.offset, received);
      const expected = untouched.slice();
      const place = ({ strides = [4 * 5 * 6, 5 * 6, 6] }: Tensor, n: number, h: number, w: number): number =>
        n * strides[0] + h * strides[1] + w * strides[2];
      for (let n = 0; n < 3; n++)
        for (let h = 0; h < 4; h++)
          for (let w = 0; w < 5; w++)
            for (let c = 0; c < 6; c++) expected[place(to, n, h, w) + c] = sent[place(x, n, h, w) + c]!;
      expect(received).toEqual(expected);
    });
  });
}

const card: DeviceConfig = { backend: 'cuda', index: 0 };

export function complaintSuite(): void {
  const softmax: Command = {
    op: 'softmax_cross_entropy',
    label: 'loss',
    logits: { offset: 0, shape: [4, 1, 1, 10] },
    labels: { offset: 1024, shape: [4, 1, 1, 1], dtype: 'int32' },
    losses: { offset: 2048, shape: [4, 1, 1, 1] },
  };
  const preprocess: Command = {
    op: 'preprocess',
    label: 'input',
    images: { offset: 0, shape: [2, 8, 9, 3], dtype: 'uint8' },
    views: { offset: 1024, shape: [2, 1, 1, 8] },
    mean: { offset: 2048, shape: [1, 1, 1, 3] },
    y: { offset: 4096, shape: [2, 4, 4, 3] },
    meanAt: 'crop',
    order: 'rgb',
    deviation: [1, 1, 1],
  };
  const view = (top: number, left: number): number[] => [top, left, 0, 0, 0, 0, 1, 0];

  /** What each backend says of the same contents. */
  const complaint = async (
    options: DeviceConfig,
    command: Command,
    data: Int32Array | Float32Array,
  ): Promise<string> =>
    await withDevices([options], async ([device]) => {
      const program = new Program([device!], [[command]]);
      const writes = [{ device: 0, offset: 1024, data }];
      return await program.run({ number: 0, learningRates: [], writes }).then(
        () => 'nothing',
        (error: Error & { code: string }) => `${error.code} ${error.message}`,
      );
    });

  describe('what labels and crops lead outside is said as on the CPU', () => {
    it.each([
      ['a label too large', softmax, Int32Array.of(3, 10, 99, 0)],
      ['a label too small', softmax, Int32Array.of(3, 9, -1, -2)],
      ['labels as they should be', softmax, Int32Array.of(3, 9, -1, 0)],
      ['a crop too low', preprocess, Float32Array.from([...view(0, 0), ...view(5, 9)])],
      ['a crop between pixels', preprocess, Float32Array.from([...view(4, 0.5), ...view(0, 0)])],
      ['a crop nowhere', preprocess, Float32Array.from([...view(0, 0), ...view(0, NaN)])],
      ['crops as they should be', preprocess, Float32Array.from([...view(4, 5), ...view(0, 0)])],
    ])('%s', async (_, command, data) => {
      const expected = await complaint({ backend: 'reference' }, command, data);
      expect(await complaint(card, command, data)).toBe(expected);
    });
  });
}

export function queueSuite(): void {
  it('runs that are queued at once follow one another', async () => {
    await withDevices([card], async ([device]) => {
      const x: Tensor = { offset: 0, shape: [1, 1, 1, 1000] };
      const y: Tensor = { offset: 8192, shape: [1, 1, 1, 1000] };
      const program = new Program([device!], [[{ op: 'scale', label: 'twice', x, y, factor: 2 }]]);
      const results = Array.from({ length: 8 }, () => new Float32Array(1000));
      await Promise.all(
        results.map((data, run) =>
          program.run({
            number: run,
            learningRates: [],
            writes: [{ device: 0, offset: x.offset, data: new Float32Array(1000).fill(run) }],
            reads: [{ device: 0, offset: y.offset, data }],
          }),
        ),
      );
      results.forEach((data, run) => expect(data.every((value) => value === 2 * run)).toBe(true));
      program.close();
    });
  });
}

export function pinnedSuite(): void {
  const bytes = 100_000;
  const x: Tensor = { offset: 0, shape: [1, 1, 1, bytes / 4] };
  const y: Tensor = { offset: 2 ** 19, shape: x.shape };
  const batch = (n: number): Uint8Array => {
    const memory = new Uint8Array(new SharedArrayBuffer(bytes + 12)).subarray(12);
    new Float32Array(memory.buffer).fill(n);
    return memory;
  };
  const sent = async (program: Program, data: Uint8Array): Promise<Float32Array> => {
    const read = new Float32Array(bytes / 4);
    await program.run({
      number: 0,
      learningRates: [],
      writes: [{ device: 0, offset: x.offset, data }],
      reads: [{ device: 0, offset: y.offset, data: read }],
    });
    return read;
  };

  it('what was pinned, and unpinned while runs read it, arrives as it was', async () => {
    await withDevices([card], async ([device]) => {
      const program = new Program([device!], [[{ op: 'scale', label: 'twice', x, y, factor: 2 }]]);
      for (let round = 0; round < 3; round++) {
        const batches = Array.from({ length: 6 }, (_, n) => batch(10 * round + n));
        for (const memory of batches) expect(pin(memory)).toBe(true);
        expect(pin(batches[0]!)).toBe(true);
        const results = batches.map((memory) => {
          const result = sent(program, memory);
          unpin(memory);
          return result;
        });
        const arrived = await Promise.all(results);
        arrived.forEach((read, n) => expect(read.every((v) => v === 2 * (10 * round + n))).toBe(true));
        unpin(batches[0]!);
      }
      program.close();
    });
  });

  it('what is pinned in part only arrives all the same', async () => {
    await withDevices([card], async ([device]) => {
      const program = new Program([device!], [[{ op: 'scale', label: 'twice', x, y, factor: 2 }]]);
      for (const [start, end] of [
        [0, 50_000],
        [50_000, bytes],
      ] as const) {
        const memory = batch(start + 3);
        expect(pin(memory.subarray(start, end))).toBe(true);
        const read = await sent(program, memory);
        expect(read.every((v) => v === 2 * (start + 3))).toBe(true);
        unpin(memory.subarray(start, end));
      }
      program.close();
    });
  });
}
