/** Prefetched batches, in memory that is reused and that worker threads fill. */

import { AlexNetError } from '../../errors.js';
import { pin, unpin } from '../../runtime/native/pinned-memory.js';

/** What is lent out until it is given back. */
export interface Lent {
  /** Gives its memory back to the queue. May be called again. */
  release(): void;
}

export interface QueueOptions<T extends object> {
  /** Number of the first batch, and of the one behind the last; default: no end. */
  readonly first: number;
  readonly end?: number;
  /** Bytes of memory for each batch. */
  readonly bytes: number;
  /** Batches that are made, or being made, beyond those lent out, at most. */
  readonly depth: number;
  /** Whether the memory is pinned, so that cards copy from it directly. */
  readonly pinned: boolean;
  /** Makes batch `number` in `memory`, into which nothing may be written any more once this has settled. */
  readonly make: (number: number, memory: Uint8Array) => Promise<T>;
}

/** Hands batches out in order. What could not be made is thrown where its turn comes; the queue ends there. */
export class BatchQueue<T extends object> implements AsyncDisposable {
  private readonly ahead: Promise<T & Lent>[] = [];
  private readonly memories: Uint8Array[] = [];
  private readonly unused: Uint8Array[] = [];
  private number: number;
  private ended = false;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: QueueOptions<T>) {
    this.number = options.first;
    this.fill();
  }

  /** The next batch, or undefined behind the last one. Throws AlexNetError CLOSED after `close`. */
  async next(): Promise<(T & Lent) | undefined> {
    this.checkOpen();
    const batch = this.ahead.shift();
    if (!batch) return undefined;
    this.fill();
    try {
      return await batch;
    } finally {
      this.checkOpen();
    }
  }

  /** Resolves when no batch is being made any more. Cards may still read those lent out. May be called again. */
  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private checkOpen(): void {
    if (this.closing) throw new AlexNetError('CLOSED', 'the queue of batches is closed');
  }

  private async finish(): Promise<void> {
    this.ended = true;
    await Promise.allSettled(this.ahead);
    for (const memory of this.memories) if (this.options.pinned) unpin(memory);
  }

  private fill(): void {
    const { depth, end = Infinity } = this.options;
    while (!this.ended && this.ahead.length < depth && this.number < end) {
      const batch = this.make(this.number++);
      // Thrown where its turn comes; if it never comes, nobody needs the batch.
      batch.catch(() => (this.ended = true));
      this.ahead.push(batch);
    }
  }

  private async make(number: number): Promise<T & Lent> {
    const memory = this.unused.pop() ?? this.allocate();
    const batch = await this.options.make(number, memory);
    let lent = true;
    const release = (): void => {
      if (lent) this.unused.push(memory);
      lent = false;
    };
    return { ...batch, release };
  }

  private allocate(): Uint8Array {
    const { bytes, pinned } = this.options;
    const memory = new Uint8Array(sharedMemory(bytes));
    if (pinned) pin(memory);
    this.memories.push(memory);
    return memory;
  }
}

function sharedMemory(bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch {
    const size = Math.ceil(bytes / 2 ** 20);
    throw new AlexNetError('OUT_OF_MEMORY', `no memory for a batch of ${size} MiB; try a smaller --batch`);
  }
}
