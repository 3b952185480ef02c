/** What a run learns from: folders and stores alike, prepared once, split, and refused where they do not fit. */

import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDemoSet } from '../../lib/data/demo/demo.js';
import { lockStore } from '../../lib/data/store/lock.js';
import { loadModel, prepare, train, type TrainEvent, type TrainOptions } from '../../lib/index.js';

let folder: string;
const at = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-data-'));
  await drawDemoSet(at('images'), { training: 12, validation: 3, seed: [7, 0] });
  await prepare(at('images'), { out: at('store'), size: 72, threads: 2 });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(out: string, options: TrainOptions): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  const common = { preset: 'mini', recipe: { batch: 16 }, steps: 9 };
  for await (const event of train({ ...common, out: at(out), ...options })) events.push(event);
  return events;
}

const kinds = (events: readonly TrainEvent[]): Set<string> => new Set(events.map(({ kind }) => kind));

const checkpoint = async (out: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(at(out, 'checkpoints', 'last.safetensors')))
    .digest('hex');

describe('a folder and the store made of it', () => {
  it('teach the same, to the last bit, with any number of threads', async () => {
    await run('from-folder', { data: at('images') });
    await run('from-store', { data: at('store'), loaderThreads: 3 });
    expect(await checkpoint('from-store')).toBe(await checkpoint('from-folder'));
  });

  it('also where images are held out for validation', async () => {
    await cp(at('images', 'train'), at('plain'), { recursive: true });
    await prepare(at('plain'), { out: at('plain.store'), size: 72 });
    const events = await run('plain-folder', { data: at('plain'), seed: 5 });
    await run('plain-store', { data: at('plain.store'), seed: 5 });
    expect(await checkpoint('plain-store')).toBe(await checkpoint('plain-folder'));
    expect(events.find(({ kind }) => kind === 'start')).toMatchObject({
      trainingImages: 110,
      validationImages: 10,
      notes: expect.arrayContaining([
        'no validation images: 10 of the images are held out for validation',
      ]) as unknown,
    });
    await run('plain-other', { data: at('plain.store'), seed: 6 });
    expect(await checkpoint('plain-other')).not.toBe(await checkpoint('plain-store'));
  });

  it('are measured the same', async () => {
    await run('measured', { data: at('store'), steps: 3 });
    await using model = await loadModel(at('measured'));
    // Records of 72 pixels a side are raw: no compression stands between the two.
    for (const [split, images] of [
      ['validation', 30],
      ['train', 120],
    ] as const) {
      const fromStore = await model.evaluate(at('store'), { split, views: 10 });
      expect(fromStore).toEqual(await model.evaluate(at('images'), { split, views: 10 }));
      expect(fromStore).toMatchObject({ images, skipped: [] });
    }
    expect(await model.evaluate(at('store'))).toMatchObject({ images: 30 });
  });
});

describe('a store made behind the scenes', () => {
  it('is there for the next run, and made once by two that start together', async () => {
    await mkdir(at('shared'));
    const options = { data: at('images'), steps: 2 };
    const both = await Promise.all([run('shared/a', options), run('shared/b', options)]);
    expect(await readdir(at('shared', '.cache'))).toHaveLength(1);
    expect(both.filter((events) => kinds(events).has('prepare'))).toHaveLength(1);
    expect(await checkpoint('shared/a')).toBe(await checkpoint('shared/b'));
    expect(kinds(await run('shared/c', options))).not.toContain('prepare');
    expect(await readdir(at('shared', '.cache'))).toHaveLength(1);
  });

  it('is waited for while another process makes it', async () => {
    await mkdir(at('others'));
    const options = { preset: 'mini', data: at('images'), steps: 1 };
    await run('others/a', options);
    const [name = ''] = await readdir(at('others', '.cache'));
    const store = at('others', '.cache', name);
    await rm(store, { recursive: true });
    await mkdir(store);
    const other = await lockStore(store);
    const messages: string[] = [];
    for await (const event of train({ ...options, out: at('others', 'b') })) {
      if (event.kind !== 'waiting') continue;
      messages.push(event.message);
      await other[Symbol.asyncDispose]();
    }
    expect(messages).toEqual([expect.stringContaining(`is being prepared by process ${process.pid} on`)]);
    expect(await readdir(at('others', '.cache'))).toEqual([name]);
  });

  it('is made anew for other images, and for another size', async () => {
    for (const name of ['disc', 'star'])
      await cp(at('images', 'train', name), at('few', name), { recursive: true });
    await mkdir(at('anew'));
    let runs = 0;
    const stores = async (options: TrainOptions = {}): Promise<number> => {
      await run(`anew/${runs++}`, { data: at('few'), steps: 1, ...options });
      return (await readdir(at('anew', '.cache'))).length;
    };
    expect(await stores()).toBe(1);
    expect(await stores({ seed: 2 })).toBe(1);
    expect(await stores({ preset: 'cifar' })).toBe(2);
    const [first] = await readdir(at('few', 'disc'));
    await utimes(at('few', 'disc', first ?? ''), 1, 1);
    expect(await stores()).toBe(3);
    await rm(at('few', 'disc', first ?? ''));
    expect(await stores()).toBe(4);
  });

  it('goes on where an interrupted run stopped', async () => {
    await mkdir(at('stopped'));
    const stop = new AbortController();
    const events = train({
      data: at('images'),
      preset: 'mini',
      out: at('stopped', 'run'),
      signal: stop.signal,
    });
    await expect(
      (async () => {
        for await (const { kind } of events) if (kind === 'prepare') stop.abort(new Error('enough'));
      })(),
    ).rejects.toThrow('enough');
    expect(await readdir(at('stopped'))).toEqual(['.cache']);
    await run('stopped/run', { data: at('images'), steps: 1 });
    expect(await readdir(at('stopped', '.cache'))).toHaveLength(1);
  });
});

describe('what does not fit is refused', () => {
  it('a store of another size, with the command that makes one', async () => {
    await expect(run('large', { data: at('store'), preset: 'paper' })).rejects.toMatchObject({
      code: 'DATA',
      message:
        `${at('store')} has images of 72 × 72 pixels, cropped; the network reads 256 × 256 pixels, cropped: ` +
        `alexnet-native prepare ${at('images')} --size 256 --fit crop --out ${at('store')}-256`,
    });
    await using model = await loadModel(at('measured'));
    await prepare(at('images'), { out: at('warped'), size: 72, fit: 'warp' });
    await expect(model.evaluate(at('warped'))).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringContaining('--size 72 --fit crop --out') as unknown,
    });
  });

  it('a folder of one class, and one with a class of which nothing can be read', async () => {
    await cp(at('images', 'train', 'disc'), at('single', 'disc'), { recursive: true });
    await expect(run('one', { data: at('single') })).rejects.toThrow('has one class, disc');
    await cp(at('images', 'train', 'star'), at('unreadable', 'star'), { recursive: true });
    await mkdir(at('unreadable', 'text'));
    await cp(join(import.meta.dirname, 'data.test.ts'), at('unreadable', 'text', 'a.jpg'));
    await expect(run('two', { data: at('unreadable') })).rejects.toThrow(
      'no image of class text could be read',
    );
  });

  it('a class without images, unless that is meant; a run says what it took for what', async () => {
    for (const part of ['Train', 'test'])
      await cp(at('images', part === 'test' ? 'val' : 'train'), at('parts', part), { recursive: true });
    await mkdir(at('parts', 'Train', 'nothing'));
    await expect(run('refused', { data: at('parts') })).rejects.toThrow('--allow-empty-classes');
    const common = { steps: 1, recipe: { batch: 4 } };
    const events = await run('allowed', { data: at('parts'), allowEmptyClasses: true, ...common });
    const parts = { train: ['Train'], validation: ['test'], leftAlone: [] };
    expect(events.at(-1)).toMatchObject({ kind: 'done', parts });
    expect(events.find(({ kind }) => kind === 'start')).toMatchObject({
      notes: expect.arrayContaining([
        'Train for training; test for validation, as there is no other',
        'classes without training images: nothing',
        'classes without validation images: nothing',
      ]) as unknown,
    });
    // A run keeps what it was allowed.
    const resumed: TrainEvent[] = [];
    for await (const event of train({ resume: at('allowed'), steps: 2 })) resumed.push(event);
    expect(resumed.at(-1)).toMatchObject({ kind: 'done', steps: 2 });
  });
});

it('says how long the devices waited, step by step and in the end', async () => {
  const events = await run('waited', { data: at('store'), steps: 3 });
  const metrics = (await readFile(at('waited', 'metrics.jsonl'), 'utf8')).trim().split('\n');
  const steps = metrics.map((line) => JSON.parse(line) as { loss?: number; secondsWaited?: number });
  for (const { secondsWaited } of steps.filter(({ loss }) => loss !== undefined))
    expect(secondsWaited).toBeGreaterThanOrEqual(0);
  const done = events.find((event) => event.kind === 'done');
  expect(done?.waitedForImages).toBeGreaterThanOrEqual(0);
  expect(done?.waitedForImages).toBeLessThanOrEqual(1);
});
