/** When each device would do what, if it kept a steady rate: the schedule's shape, not a promise of its speed. */

import type { OpName } from './commands.js';
import type { Draft, PlannedTransfer } from './builder.js';
import { cost } from './cost.js';

/** Rates of one device. */
export interface NominalRates {
  /** Multiplications and additions a second. */
  readonly flops: number;
  /** Bytes a second of its memory. */
  readonly bytes: number;
  /** Bytes a second between devices. */
  readonly transfer: number;
}

/** About half of a current server's cores, or one GTX 580 of 2012 (1.5 TFLOP/s, 192 GB/s, PCIe 2). */
export const nominalRates: NominalRates = { flops: 1e12, bytes: 150e9, transfer: 6e9 };

export interface PlannedSpan {
  readonly device: number;
  /** Where it runs: beside the commands, transfers have a lane of their own. */
  readonly lane: 'compute' | 'transfer';
  readonly label: string;
  readonly op: OpName;
  /** Seconds from the step's start. */
  readonly start: number;
  readonly end: number;
}

export function timeline(
  lists: readonly (readonly Draft[])[],
  transfers: readonly PlannedTransfer[],
  rates: NominalRates,
): PlannedSpan[] {
  const spans: PlannedSpan[] = [];
  const raised = new Map<number, number>();
  const clock = lists.map(() => 0);
  const lane = lists.map(() => 0);
  const next = lists.map(() => 0);
  let moved = true;
  while (moved) {
    moved = false;
    lists.forEach((list, device) => {
      for (let command = list[next[device] ?? 0]; command; command = list[next[device] ?? 0]) {
        const now = clock[device] ?? 0;
        if (command.op === 'wait') {
          const at = raised.get(command.event);
          if (at === undefined) return;
          if (at > now)
            spans.push({ device, lane: 'compute', label: command.label, op: 'wait', start: now, end: at });
          clock[device] = Math.max(now, at);
        } else if (command.op === 'transfer') {
          const start = Math.max(now, lane[device] ?? 0);
          const end = start + (transfers[command.event]?.bytes ?? 0) / rates.transfer;
          spans.push({ device, lane: 'transfer', label: command.label, op: 'transfer', start, end });
          raised.set(command.event, end);
          lane[device] = end;
        } else {
          const { flops, bytes } = cost(command);
          const end = now + Math.max(flops / rates.flops, bytes / rates.bytes);
          spans.push({ device, lane: 'compute', label: command.label, op: command.op, start: now, end });
          clock[device] = end;
        }
        next[device] = (next[device] ?? 0) + 1;
        moved = true;
      }
    });
  }
  return spans;
}
