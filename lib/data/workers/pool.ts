/** Worker threads that take tasks one at a time, started when there is something to do for them. */

import { join } from 'node:path';
import { Worker, type TransferListItem } from 'node:worker_threads';
import { AlexNetError, type ErrorCode } from '../../errors.js';
import { packageRoot } from '../../package-root.js';
import type { TaskAnswer, TaskRequest, TasksOf, ThreadOptions } from './messages.js';

interface Waiting {
  readonly request: Omit<TaskRequest, 'id'>;
  readonly transfer: readonly TransferListItem[];
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly exited: Promise<void>;
  readonly tasks: Map<number, Waiting>;
}

/** Tasks posted to a thread at once: the next one is there when it has done the one before. */
const posted = 2;

/** Threads run compiled code only, also where this file runs from the sources. */
const threadFile = (): string => join(packageRoot(), 'dist', 'lib', 'data', 'tasks', 'thread.js');

export class WorkerPool<Tasks extends TasksOf<Tasks>> implements AsyncDisposable {
  private readonly threads: Thread[] = [];
  private readonly queue: Waiting[] = [];
  private failure: Error | undefined;
  private closing: Promise<void> | undefined;
  private lastId = 0;

  /**
   * At most `limit` threads, which give way to all others where they are to work in the background. A pool without tasks does
   * not keep the process alive.
   */
  constructor(
    private readonly limit: number,
    private readonly background = false,
  ) {}

  /**
   * What a thread makes of `input`; what `transfer` lists is moved there. Rejects with the task's error, with AlexNetError
   * DATA when its thread broke down and every time from then on, and with CLOSED after `close`.
   */
  run<N extends keyof Tasks>(
    name: N,
    input: Tasks[N]['input'],
    transfer: readonly TransferListItem[] = [],
  ): Promise<Tasks[N]['output']> {
    if (this.closing) return Promise.reject(new AlexNetError('CLOSED', 'the worker threads are closed'));
    if (this.failure) return Promise.reject(this.failure);
    return new Promise<Tasks[N]['output']>((resolve, reject) => {
      this.queue.push({ request: { name, input }, transfer, resolve, reject });
      this.dispatch();
    });
  }

  /** When the tasks under way have ended; those that wait for a thread are given up. May be called again. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async end(): Promise<void> {
    const closed = new AlexNetError('CLOSED', 'the worker threads are closed');
    for (const { reject } of this.queue.splice(0)) reject(closed);
    for (const { worker } of this.threads) {
      worker.ref();
      worker.postMessage(null);
    }
    await Promise.all(this.threads.map(({ exited }) => exited));
  }

  private dispatch(): void {
    for (;;) {
      const [next] = this.queue;
      const thread = next && this.free();
      if (!thread) return;
      this.queue.shift();
      const id = ++this.lastId;
      try {
        thread.worker.postMessage({ id, ...next.request } satisfies TaskRequest, next.transfer);
        thread.tasks.set(id, next);
        thread.worker.ref();
      } catch (error) {
        next.reject(error as Error);
      }
    }
  }

  /** The least busy thread that takes another task; a new one before one has to wait. */
  private free(): Thread | undefined {
    const idlest = this.threads.reduce<Thread | undefined>(
      (best, thread) => (best && best.tasks.size <= thread.tasks.size ? best : thread),
      undefined,
    );
    if ((!idlest || idlest.tasks.size > 0) && this.threads.length < this.limit) return this.start();
    return idlest && idlest.tasks.size < posted ? idlest : undefined;
  }

  private start(): Thread {
    const worker = new Worker(threadFile(), {
      name: 'alexnet-native',
      workerData: { background: this.background } satisfies ThreadOptions,
    });
    const tasks = new Map<number, Waiting>();
    const exited = new Promise<void>((resolve) => {
      worker.on('exit', () => {
        if (!this.closing || tasks.size > 0) this.fail('it ended');
        resolve();
      });
    });
    worker.on('error', (error: Error) => this.fail(error.message));
    worker.on('message', ({ id, result, error }: TaskAnswer) => {
      const task = tasks.get(id);
      tasks.delete(id);
      if (tasks.size === 0 && !this.closing) worker.unref();
      if (error) task?.reject(revived(error));
      else task?.resolve(result as never);
      this.dispatch();
    });
    worker.unref();
    const thread = { worker, exited, tasks };
    this.threads.push(thread);
    return thread;
  }

  /** One broken thread fails everything: what it held is lost, and the same would happen again. */
  private fail(why: string): void {
    this.failure ??= new AlexNetError('DATA', `a worker thread broke down: ${why}`);
    for (const { tasks } of this.threads) {
      for (const { reject } of tasks.values()) reject(this.failure);
      tasks.clear();
    }
    for (const { reject } of this.queue.splice(0)) reject(this.failure);
  }
}

/** An error loses its class on its way between threads. */
function revived({ name, message, code, stack }: NonNullable<TaskAnswer['error']>): Error {
  const error =
    name === 'AlexNetError'
      ? new AlexNetError(code as ErrorCode, message)
      : Object.assign(new Error(message), { code });
  if (stack !== undefined) error.stack = stack;
  return error;
}
