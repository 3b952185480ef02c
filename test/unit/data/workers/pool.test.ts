import { expect, it, onTestFinished } from 'vitest';
import { WorkerPool } from '../../../../lib/data/workers/pool.js';
import type { PrepareChunk, StoreTasks } from '../../../../lib/data/store/tasks.js';
import { pixelsAt } from '../store/synthetic.js';

const chunk = (first: number, count = 3): PrepareChunk => ({
  record: { size: 4, fit: 'crop', encoding: { kind: 'raw' }, allowTruncated: false },
  images: Array.from({ length: count }, (_, i) => ({
    content: { pixels: pixelsAt(first + i, 4), side: 4 },
    measured: true,
  })),
});

function pool(threads: number): WorkerPool<StoreTasks> {
  const made = new WorkerPool<StoreTasks>(threads);
  onTestFinished(async () => await made.close());
  return made;
}

it('every task gets its own answer, however many there are', async () => {
  const workers = pool(3);
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => await workers.run('prepare', chunk(10 * i))),
  );
  for (const [i, { records }] of answers.entries()) {
    const found = records.map((record) => ('record' in record ? record.record : record));
    expect(found).toEqual([0, 1, 2].map((k) => pixelsAt(10 * i + k, 4)));
  }
});

it('starts no more threads than it may, and none before there is work', async () => {
  const workers = pool(2);
  const threads = (): number => (workers['threads'] as unknown[]).length;
  expect(threads()).toBe(0);
  await workers.run('prepare', chunk(0));
  expect(threads()).toBe(1);
  await Promise.all([1, 2, 3, 4, 5].map(async (i) => await workers.run('prepare', chunk(i))));
  expect(threads()).toBe(2);
});

it('moves memory there instead of copying it', async () => {
  const pixels = Uint8Array.from(pixelsAt(0, 4));
  const images = [{ content: { pixels, side: 4 }, measured: true }];
  await pool(1).run('prepare', { ...chunk(0), images }, [pixels.buffer]);
  expect(pixels.length).toBe(0);
});

it('a task that fails: its error and no other one’s', async () => {
  const workers = pool(1);
  const bad = { ...chunk(0), record: { ...chunk(0).record, size: -1 } };
  const [failed, done] = await Promise.allSettled([
    workers.run('prepare', bad),
    workers.run('prepare', chunk(7)),
  ]);
  expect(failed).toMatchObject({ status: 'rejected', reason: expect.any(Error) as unknown });
  expect(done).toMatchObject({ status: 'fulfilled' });
});

it('errors keep their code', async () => {
  await expect(
    pool(1).run('finish', {
      path: '/nowhere',
      progress: { next: null, items: 0, train: 0, validation: 0, skipped: 0, bytesRead: 0, recordBytes: 0 },
    }),
  ).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a thread that breaks down is one clear error, for all tasks from then on', async () => {
  const workers = pool(2);
  const running = [1, 2, 3, 4].map(async (i) => await workers.run('prepare', chunk(i, 200)));
  const [thread] = workers['threads'];
  void thread?.worker.terminate();
  const clear = { code: 'DATA', message: 'a worker thread broke down: it ended' };
  for (const task of await Promise.allSettled(running)) {
    expect(task).toMatchObject({ status: 'rejected', reason: clear });
  }
  await expect(workers.run('prepare', chunk(0))).rejects.toMatchObject(clear);
});

it('closing lets tasks under way end, gives up the others, and takes no more', async () => {
  const workers = pool(1);
  const running = [1, 2, 3, 4, 5].map(async (i) => await workers.run('prepare', chunk(i, 50)));
  const closed = workers.close();
  const outcomes = (await Promise.allSettled(running)).map(({ status }) => status);
  await closed;
  expect(outcomes).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected']);
  await expect(workers.run('prepare', chunk(0))).rejects.toMatchObject({ code: 'CLOSED' });
  await workers.close();
});
