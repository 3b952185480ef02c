/** A worker thread's side of the pool: one task after the other, each kind loaded at its first use. */

import { setPriority } from 'node:os';
import { parentPort, workerData, type MessagePort, type TransferListItem } from 'node:worker_threads';
import type { StoreTasks } from '../store/tasks.js';
import type { TaskAnswer, TaskRequest, ThreadOptions } from '../workers/messages.js';

const port = parentPort as MessagePort;

/** Linux gives each thread a priority of its own; elsewhere this would be the whole process's. */
if ((workerData as ThreadOptions).background && process.platform === 'linux') setPriority(19);

/** Holds stores open once it is in use. */
let decoding: typeof import('./decode-records.js') | undefined;

const handlers: {
  readonly [N in keyof StoreTasks]: (input: StoreTasks[N]['input']) => Promise<StoreTasks[N]['output']>;
} = {
  prepare: async (input) => await (await import('./prepare-chunk.js')).prepareChunk(input),
  decode: async (input) => {
    decoding ??= await import('./decode-records.js');
    return await decoding.decodeRecords(input);
  },
  begin: async ({ path, options }) => await (await import('../store/writer.js')).begin(path, options),
  append: async ({ path, progress, batch }) =>
    await (await import('../store/writer.js')).append(path, progress, batch),
  finish: async ({ path, progress }) => await (await import('../store/writer.js')).finish(path, progress),
};

/** Memory made for the answer, which need not be copied. */
function movable(result: unknown): TransferListItem[] {
  if (typeof result !== 'object' || result === null) return [];
  if (ArrayBuffer.isView(result)) return result.buffer instanceof ArrayBuffer ? [result.buffer] : [];
  return Object.values(result).flatMap(movable);
}

async function answer({ id, name, input }: TaskRequest): Promise<void> {
  try {
    const handler = handlers[name as keyof StoreTasks] as (given: unknown) => Promise<unknown>;
    const result = await handler(input);
    port.postMessage({ id, result } satisfies TaskAnswer, movable(result));
  } catch (thrown) {
    const { name, message, stack, code } = thrown as Error & { readonly code?: unknown };
    port.postMessage({ id, error: { name, message, stack, code } } satisfies TaskAnswer);
  }
}

async function leave(): Promise<void> {
  await decoding?.closeStores();
  port.close();
}

let last: Promise<void> = Promise.resolve();
port.on('message', (request: TaskRequest | null) => {
  last = last.then(() => (request ? answer(request) : leave()));
});
