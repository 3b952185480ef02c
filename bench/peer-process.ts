/** A program of bench/peers that takes turns: lines of JSON on its stdout, milliseconds to spend on its stdin. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Contender } from './turns.js';

/** What it says: itself first, then a time for each turn, or what went wrong. */
interface Line {
  readonly program?: string;
  /** Of the last image. */
  readonly probabilities?: readonly number[];
  readonly milliseconds?: number;
  readonly problem?: string;
}

export interface Peer extends Contender {
  readonly program: string;
  readonly probabilities: readonly number[] | undefined;
  [Symbol.asyncDispose](): Promise<void>;
}

function parsed(text: string): Line | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Starts it and waits until it is ready. Throws a plain Error with what it says where it cannot run. */
export async function startPeer(command: string, args: readonly string[]): Promise<Peer> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<string>((resolve) => {
    let last = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      last = text.trim().split('\n').at(-1) ?? last;
    });
    child.on('error', ({ message }) => resolve(message));
    child.on('close', (code, signal) => resolve(last || `it ended with ${code ?? signal}`));
  });
  // Its end is seen at the next line that it does not write.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Line> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(await ended);
      const line = parsed(value);
      if (line?.problem !== undefined) throw new Error(line.problem);
      if (line) return line;
    }
  };
  const stop = async (): Promise<void> => {
    child.stdin.end();
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const { program = command, probabilities } = await next();
    return {
      program,
      probabilities,
      turn: async (milliseconds) => {
        child.stdin.write(`${milliseconds}\n`);
        const line = await next();
        if (line.milliseconds === undefined)
          throw new Error(`expected a time, received ${JSON.stringify(line)}`);
        return line.milliseconds;
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
