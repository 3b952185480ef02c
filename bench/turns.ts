/** Contenders who take turns, so that a busy moment of the machine hits them all. */

import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../lib/bench/rows.js';

export interface Contender {
  /** Steps for at least so many milliseconds; resolves to the milliseconds of one. */
  turn(milliseconds: number): Promise<number>;
}

export interface Timing {
  /** Median over the rounds, of a step. */
  readonly milliseconds: number;
  /** This contender's time over the first one's, round by round; their median. */
  readonly ratio: number;
  readonly rounds: number;
}

/** What a turn lasts at least. */
const turnMs = 500;
/** Threads that the one before left waiting busily sleep by then. */
const restMs = 100;
/** A contender that takes this many times as long as the first one in the warm-up is measured in one more round only. */
const tooSlow = 8;

/** Medians and ratios of rounds, in each of which every contender has one time or, after its last, none. */
export function timings(times: readonly (readonly number[])[]): Timing[] {
  const first = times[0] ?? [];
  return times.map((own) => ({
    milliseconds: median(own),
    ratio: median(own.map((time, round) => time / (first[round] ?? time))),
    rounds: own.length,
  }));
}

/** One round that does not count, then so many that do. */
export async function takeTurns(contenders: readonly Contender[], rounds: number): Promise<Timing[]> {
  const turn = async (contender: Contender, milliseconds: number): Promise<number> => {
    await pause(restMs);
    return await contender.turn(milliseconds);
  };
  const warm: number[] = [];
  for (const contender of contenders) warm.push(await turn(contender, 0));
  const times = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      if (round > 0 && (warm[i] as number) > tooSlow * (warm[0] as number)) continue;
      times[i]?.push(await turn(contender, turnMs));
    }
  }
  return timings(times);
}
