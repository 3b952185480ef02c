/** Whether a process of this machine still runs. */

import { readFile } from 'node:fs/promises';

interface Found {
  readonly state: string;
  /** In ticks since the machine started. */
  readonly start: string;
}

/** What Linux says of a process; null elsewhere, and of one that is not there. */
async function find(pid: number): Promise<Found | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in parentheses, which may contain anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  return state && start ? { state, start } : null;
}

/** When a process started, to tell it from a later one of the same number; empty where that is not known. */
export const startOf = async (pid: number): Promise<string> => (await find(pid))?.start ?? '';

/** Whether another process of this machine has that number and, where known, started then. */
export async function isRunning(pid: number, start = ''): Promise<boolean> {
  // In a container every process may have the same number: what we have not made ourselves, our predecessor left.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const found = await find(pid);
  if (!found) return true;
  // A zombie has ended; only its parent has not yet asked how.
  return found.state !== 'Z' && found.state !== 'X' && (start === '' || found.start === start);
}
