/** The built program as a child process, as users run it. */

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../dist/cli/start.cjs', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Besides this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onStart?: (child: ChildProcess) => void;
  /** Called with all of stdout so far whenever more arrives. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void;
}

export async function program(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [entry, ...args], {
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.env && { env: { ...process.env, ...options.env } }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  options.onStart?.(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    options.onOutput?.(stdout, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, stdout, stderr };
}

/** The last line of stdout as JSON. */
export const lastJson = (ran: Ran): unknown =>
  JSON.parse(ran.stdout.trimEnd().split('\n').at(-1) ?? '') as unknown;
