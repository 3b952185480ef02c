/** A run on disk: config.json (everything resolved), metrics.jsonl, checkpoints/; and a lock while a process works on it. */

import { mkdir, open, readFile, readdir, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AlexNetError } from '../errors.js';
import type { Graph, Preprocessing } from '../graph/graph.js';
import type { Precision } from '../plan/precision.js';
import type { Recipe } from './recipe.js';
import { isRunLock, lockRun } from './run-lock.js';

export interface RunConfig {
  readonly version: 1;
  readonly preset: string;
  readonly graph: Graph;
  readonly preprocessing: Preprocessing;
  /** Absolute path of the images; null for the built-in demo set. */
  readonly data: string | null;
  /** Whether a class may have no images; absent: no. */
  readonly allowEmptyClasses?: boolean;
  readonly devices: string;
  /** What was computed in; absent: fp32. */
  readonly precision?: Precision;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Steps of the whole run. */
  readonly steps: number;
  readonly validateEvery: number;
  readonly saveEvery: number;
  readonly checkpointEvery: number | null;
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const exists = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  );

const configFile = (run: string): string => join(run, 'config.json');
const metricsFile = (run: string): string => join(run, 'metrics.jsonl');
const checkpointsFolder = (run: string): string => join(run, 'checkpoints');

/** Makes the folder and says whether it did: false where it is there already, made by whomever. */
async function madeFolder(path: string): Promise<boolean> {
  const failed = (error: Error): never => {
    throw new AlexNetError('USAGE', `${path} cannot be made: ${error.message}`);
  };
  await mkdir(dirname(path), { recursive: true }).catch(failed);
  return await mkdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? false : failed(error)),
  );
}

/** The first unused name: runs/mini-1, runs/mini-2, … Runs that start together each get their own. */
async function newFolder(preset: string): Promise<string> {
  for (let i = 1; ; i++) {
    const path = join('runs', `${preset}-${i}`);
    if (await madeFolder(path)) return path;
  }
}

async function entriesOf(path: string): Promise<string[]> {
  return await readdir(path).catch((error: NodeJS.ErrnoException) => {
    throw new AlexNetError(
      'USAGE',
      `${path} cannot be a run's folder: ${error.code === 'ENOTDIR' ? 'it is a file' : error.message}`,
    );
  });
}

/** Refuses a folder with anything in it but locks. */
function checkEmpty(path: string, entries: readonly string[]): void {
  if (entries.every(isRunLock)) return;
  throw new AlexNetError(
    'USAGE',
    entries.includes('config.json')
      ? `${path} holds a run already; go on with it by --resume ${path}, or choose another --out`
      : `${path} is not empty; choose another --out`,
  );
}

/** Held until it is disposed of; no other process can open the same run meanwhile. */
export class RunFolder implements AsyncDisposable {
  private readonly lines: string[] = [];
  private flushed = Date.now();
  private metrics: FileHandle | undefined;

  private constructor(
    readonly path: string,
    private readonly lock: AsyncDisposable,
    /** What is new here: if the run does not begin, that goes again. */
    private readonly made: 'nothing' | 'run' | 'folder',
  ) {}

  /** A new run's folder. Nothing is written to it but the lock until the run begins. */
  static async create(preset: string, out?: string): Promise<RunFolder> {
    const path = out ?? (await newFolder(preset));
    const made = out === undefined || (await madeFolder(path));
    const entries = await entriesOf(path);
    // Where no process works or worked on a run, not even a lock is put before this.
    if (!entries.some(isRunLock)) checkEmpty(path, entries);
    const lock = await lockRun(path).catch(async (error: unknown) => {
      // Only if it is empty.
      if (made) await rmdir(path).catch(() => undefined);
      throw error;
    });
    try {
      checkEmpty(path, await entriesOf(path));
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
    return new RunFolder(path, lock, made ? 'folder' : 'run');
  }

  /** An existing run's, to go on with it. */
  static async open(path: string): Promise<RunFolder> {
    await RunFolder.config(path);
    return new RunFolder(path, await lockRun(path), 'nothing');
  }

  static async config(path: string): Promise<RunConfig> {
    const text = await readFile(configFile(path), 'utf8').catch(() => {
      throw new AlexNetError('USAGE', `${path} is not a run: it has no config.json`);
    });
    try {
      return JSON.parse(text) as RunConfig;
    } catch {
      throw new AlexNetError('CHECKPOINT', `${path}/config.json is damaged: it is not JSON`);
    }
  }

  /** Everything is ready: the run goes on after `step` steps. What its metrics say of later ones will be done again. */
  async begin(config: RunConfig, step: number): Promise<void> {
    const { path } = this;
    await mkdir(checkpointsFolder(path), { recursive: true });
    // First: with it a run that is killed from here on can be resumed.
    await writeWhole(configFile(path), `${JSON.stringify(config, null, 2)}\n`);
    const text = await readFile(metricsFile(path), 'utf8').catch(() => '');
    const kept = text.split('\n').filter((line) => {
      try {
        return (JSON.parse(line) as { step: number }).step <= step;
      } catch {
        return false;
      }
    });
    await writeWhole(metricsFile(path), kept.map((line) => `${line}\n`).join(''));
    this.metrics = await open(metricsFile(path), 'a');
  }

  checkpoint(name: 'last' | 'best' | number): string {
    return checkpointPath(this.path, name);
  }

  /** One line of metrics; on disk within a second, and always before a checkpoint. */
  async log(line: Readonly<Record<string, unknown>> & { readonly step: number }): Promise<void> {
    this.lines.push(`${JSON.stringify(line)}\n`);
    if (Date.now() - this.flushed > 1000) await this.flush();
  }

  async flush(): Promise<void> {
    this.flushed = Date.now();
    const text = this.lines.splice(0).join('');
    if (text) await this.metrics?.appendFile(text);
  }

  /** Releases the run. Of one that got no further than its start, nothing stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    // What cannot be written now belongs to steps after the last checkpoint, and hides no error.
    await this.flush().catch(() => undefined);
    await this.metrics?.close();
    const discarded = this.made !== 'nothing' && !(await this.hasResults());
    if (discarded) await this.discard();
    await this.lock[Symbol.asyncDispose]();
    // Only if it is empty: somebody may have put something there.
    if (discarded && this.made === 'folder') await rmdir(this.path).catch(() => undefined);
  }

  /** Whether there is a step's metrics or a checkpoint. */
  private async hasResults(): Promise<boolean> {
    const found = await stat(metricsFile(this.path)).catch(() => null);
    const checkpoints = await readdir(checkpointsFolder(this.path)).catch(() => []);
    return (found !== null && found.size > 0) || checkpoints.length > 0;
  }

  private async discard(): Promise<void> {
    await rm(configFile(this.path), { force: true });
    await rm(metricsFile(this.path), { force: true });
    await rmdir(checkpointsFolder(this.path)).catch(() => undefined);
  }
}

export function checkpointPath(run: string, name: 'last' | 'best' | number): string {
  const file = typeof name === 'number' ? `step-${String(name).padStart(8, '0')}` : name;
  return join(checkpointsFolder(run), `${file}.safetensors`);
}

/** The checkpoint of a run to load: the one asked for, or null when it has not been written yet. */
export async function existingCheckpoint(run: string, ...names: ('last' | 'best')[]): Promise<string | null> {
  for (const name of names) {
    const path = checkpointPath(run, name);
    if (await exists(path)) return path;
  }
  return null;
}
