import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { curves } from '../../../bench/curves.js';
import { difference, settingLines, summaryLines, type CpuRow } from '../../../bench/cpu-rows.js';
import { foldedWeights, paddedInput } from '../../../bench/handover.js';
import { onnxModel } from '../../../bench/onnx.js';
import { startPeer } from '../../../bench/peer-process.js';
import { timings } from '../../../bench/turns.js';
import { preset } from '../../../lib/graph/presets.js';
import { layerShapes } from '../../../lib/graph/shapes.js';
import { packageRoot } from '../../../lib/package-root.js';

const folder = mkdtempSync(join(tmpdir(), 'bench-cpu-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = (contender: string, imagesPerSecond: number, more: Partial<CpuRow> = {}): CpuRow => ({
  pass: 'training',
  batch: 8,
  threads: 2,
  contender,
  program: contender,
  imagesPerSecond,
  milliseconds: 8000 / imagesPerSecond,
  ratio: 100 / imagesPerSecond,
  rounds: 5,
  ...more,
});

describe('turns', () => {
  it("take medians over the rounds, and of each round's ratio to the first contender's time", () => {
    const busy = [
      [1, 10, 2],
      [3, 20, 5],
    ];
    expect(timings(busy)).toEqual([
      { milliseconds: 2, ratio: 1, rounds: 3 },
      { milliseconds: 5, ratio: 2.5, rounds: 3 },
    ]);
  });

  it('hold one who was left out after a round against that round', () => {
    expect(timings([[2, 9, 9], [8]])[1]).toEqual({ milliseconds: 8, ratio: 4, rounds: 1 });
  });
});

describe('rows of the CPU', () => {
  const rows = [row('ours', 100), row('a', 50), row('b', 80), row('ours', 30, { batch: 1 })];

  it('are summed up as ours beside the fastest other of the same setting', () => {
    const [, first, second] = summaryLines(rows);
    expect(first).toMatch(/training +8 +2 +100 +b +80\.0 +1\.25 ×/);
    expect(second).toMatch(/training +1 +2 +30\.0$/);
  });

  it('are a table for each setting', () => {
    expect(settingLines(rows.slice(0, 2))[0]).toBe('training, batch 8, 2 threads');
    expect(settingLines([])).toEqual([]);
  });

  it('tell how far outputs differ, as a part of their spread', () => {
    expect(difference([0.1, 0.9], [0.1, 0.9])).toBe(0);
    const e = Math.E;
    expect(difference([1, 1 / e ** 2], [1, 1 / e])).toBeCloseTo(0.5, 12);
    expect(difference([0.5, 0.5], [1])).toBe(Infinity);
    expect(difference([0.1, 0.9], [Number.NaN, 0.9])).toBeNaN();
  });
});

it('curves have a line for every contender and number of threads, and a point for every batch', () => {
  const svg = curves([
    row('ours', 100),
    row('ours', 50, { batch: 1 }),
    row('ours', 60, { threads: 1 }),
    row('other', 40),
    row('ours', 400, { pass: 'inference' }),
  ]);
  expect(svg.match(/<polyline/g)).toHaveLength(4);
  expect(svg.match(/<circle/g)).toHaveLength(5);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(svg).toContain('ours, 1 thread');
});

describe('what is handed to the peers', () => {
  const { graph, preprocessing } = preset('mini', 10);

  it("has dropout's factor in the weights behind it and in no others", () => {
    const ones = new Map(
      layerShapes(graph).flatMap(({ layer, weights }): [string, Float32Array][] =>
        weights
          ? [
              [`${layer.name}.weight`, new Float32Array(weights.reduce((a, b) => a * b)).fill(1)],
              [`${layer.name}.bias`, new Float32Array(weights[0]).fill(1)],
            ]
          : [],
      ),
    );
    const folded = foldedWeights(graph, ones);
    const first = (name: string): number | undefined => folded.get(name)?.data[0];
    expect(['conv1', 'conv5', 'fc6', 'fc7', 'fc8'].map((name) => first(`${name}.weight`))).toEqual([
      1, 1, 1, 0.5, 0.5,
    ]);
    expect(first('fc8.bias')).toBe(1);
    expect(folded.get('conv2.weight')?.shape).toEqual([96, 16, 5, 5]);
    expect(folded.get('fc7.weight')?.shape).toEqual([256, 256]);
  });

  it('is the centre crop, channels slowest, within zeros', () => {
    const { store } = preprocessing;
    const images = new Uint8Array(2 * store ** 2 * 3).fill(100);
    // The second image's upper left pixel of the crop, green.
    images[((store + 4) * store + 4) * 3 + 1] = 228;
    const { side, data } = paddedInput(graph, preprocessing, images, 100);
    expect(side).toBe(67);
    const places = [...data.keys()].filter((i) => data[i] !== 0);
    expect(places).toEqual([((3 + 1) * side + 1) * side + 1]);
    expect(data[places[0] as number]).toBe(2);
  });

  it('is a model in which every length fits and every layer has its node', () => {
    const small = preset('cifar', 3).graph;
    const weights = foldedWeights(small, new Map());
    const model = onnxModel({ graph: small, batch: 2, side: 36, weights, lrn: 'operator' });
    const [version, , network] = fieldsOf(model);
    expect(version).toMatchObject({ field: 1, value: 8 });
    const ops = fieldsOf(network?.bytes ?? Buffer.alloc(0))
      .filter(({ field }) => field === 1)
      .map(({ bytes }) =>
        fieldsOf(bytes)
          .find(({ field }) => field === 4)
          ?.bytes.toString(),
      );
    expect(ops).toEqual([
      ...Array<string[]>(3).fill(['Conv', 'Relu', 'MaxPool']).flat(),
      'Flatten',
      'Gemm',
      'Softmax',
    ]);
  });
});

interface Field {
  readonly field: number;
  readonly value: number;
  readonly bytes: Buffer;
}

/** A protobuf message's fields; throws where lengths do not fit. */
function fieldsOf(message: Buffer): Field[] {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const key = varint();
    const wire = key % 8;
    const value = wire === 5 ? message.readFloatLE((at += 4) - 4) : varint();
    const end = wire === 2 ? at + value : at;
    if (end > message.length) throw new Error('a field is longer than its message');
    fields.push({ field: key >> 3, value, bytes: message.subarray(at, end) });
    at = end;
  }
  return fields;
}

describe('a peer', () => {
  const peer = (name: string, code: string): string[] => {
    const file = join(folder, name);
    writeFileSync(file, code);
    return [file];
  };
  const ready = `console.log('a warning'); console.log(JSON.stringify({ program: 'fake', probabilities: [1] }));`;

  it('is asked for turns and stopped at the end', async () => {
    const lines = `process.stdin.on('data', (t) => console.log(JSON.stringify({ milliseconds: 2 * Number(t) })));`;
    await using fake = await startPeer(process.execPath, peer('fake.mjs', ready + lines));
    expect([fake.program, fake.probabilities]).toEqual(['fake', [1]]);
    expect([await fake.turn(3), await fake.turn(21)]).toEqual([6, 42]);
  });

  it.each([
    [
      'says what its problem is',
      `console.log('{"problem":"no torch"}'); setInterval(() => 0, 1000);`,
      'no torch',
    ],
    ['ends without a word', '', 'it ended with 0'],
    ['ends with an error', `console.error('one\\nlast'); process.exit(3);`, 'last'],
  ])('that %s is a problem', async (name, code, message) => {
    await expect(startPeer(process.execPath, peer(`${name}.mjs`, code))).rejects.toThrow(message);
  });

  it('that is not there is a problem', async () => {
    await expect(startPeer(join(folder, 'nobody'), [])).rejects.toThrow('ENOENT');
  });

  it('that ends in a turn is a problem then', async () => {
    const leaves = `process.stdin.on('data', () => { console.error('gone'); process.exit(1); });`;
    await using fake = await startPeer(process.execPath, peer('leaves.mjs', ready + leaves));
    await expect(fake.turn(1)).rejects.toThrow('gone');
  });
});

describe('bench:cpu', () => {
  const program = join(packageRoot(), 'dist', 'bench', 'cpu.js');

  it('measures ours by itself and draws it', () => {
    const plot = join(folder, 'plot.svg');
    const small = '--preset mini --batch 1,2 --threads 1 --passes inference --rounds 1 --peers none --json';
    const text = execFileSync(process.execPath, [program, ...small.split(' '), '--plot', plot]);
    const { rows, problems } = JSON.parse(text.toString()) as { rows: CpuRow[]; problems: unknown[] };
    expect(problems).toEqual([]);
    expect(rows.map(({ batch, contender }) => [batch, contender])).toEqual([
      [1, 'ours'],
      [2, 'ours'],
    ]);
    for (const { imagesPerSecond, ratio } of rows) {
      expect(imagesPerSecond).toBeGreaterThan(0);
      expect(ratio).toBe(1);
    }
    expect(readFileSync(plot, 'utf8').match(/<circle/g)).toHaveLength(2);
  });

  it('measures ours in bfloat16 beside it', () => {
    const small = '--preset mini --batch 2 --threads 1 --rounds 1 --peers ours-bf16 --json';
    const env = { ...process.env, ALEXNET_NATIVE_BF16: 'emulated-amx' };
    const text = execFileSync(process.execPath, [program, ...small.split(' ')], { env });
    const { rows, problems } = JSON.parse(text.toString()) as { rows: CpuRow[]; problems: unknown[] };
    expect(problems).toEqual([]);
    expect(rows.map(({ pass, contender }) => `${pass} ${contender}`)).toEqual([
      'training ours',
      'training ours-bf16',
      'inference ours',
      'inference ours-bf16',
    ]);
    expect(rows[3]?.difference).toBeGreaterThan(0);
    expect(rows[3]?.difference).toBeLessThan(0.1);
  });

  it('goes on without a peer that is missing, and says so', () => {
    const small = `--preset mini --batch 1 --threads 1 --rounds 1 --peers pytorch,onnxruntime --json --ort ${folder}`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [program, ...small.split(' '), '--python', join(folder, 'nobody')],
      { encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect((JSON.parse(stdout) as { rows: CpuRow[] }).rows.map(({ pass }) => pass)).toEqual([
      'training',
      'inference',
    ]);
    expect(stderr).toContain('npm install --ignore-scripts onnxruntime-node@1.30');
    expect(stderr).toContain('ENOENT');
  });

  it('refuses a peer that it does not know', () => {
    const { status, stderr } = spawnSync(process.execPath, [program, '--peers', 'someone'], {
      encoding: 'utf8',
    });
    expect([status, stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(stderr).toContain('received someone');
  });
});
