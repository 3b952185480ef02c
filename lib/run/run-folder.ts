/** A run on disk: config.json (everything resolved), metrics.jsonl, checkpoints/. */

import { mkdir, open, readFile, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AlexNetError } from '../errors.js';
import type { Graph, Preprocessing } from '../graph/graph.js';
import type { Precision } from '../plan/precision.js';
import type { Recipe } from './recipe.js';

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
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

const exists = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  );

/** The first unused name: runs/mini-1, runs/mini-2, … */
async function unusedName(preset: string): Promise<string> {
  for (let i = 1; ; i++) {
    const name = join('runs', `${preset}-${i}`);
    if (!(await exists(name))) return name;
  }
}

export class RunFolder {
  private readonly lines: string[] = [];
  private flushed = Date.now();

  private constructor(
    readonly path: string,
    private readonly metrics: FileHandle,
  ) {}

  static async create(preset: string, out?: string): Promise<RunFolder> {
    const path = out ?? (await unusedName(preset));
    const entries = await readdir(path).catch((error: NodeJS.ErrnoException): string[] => {
      if (error.code === 'ENOENT') return [];
      throw new AlexNetError(
        'USAGE',
        `${path} cannot be a run's folder: ${error.code === 'ENOTDIR' ? 'it is a file' : error.message}`,
      );
    });
    if (entries.length > 0) {
      const run = entries.includes('config.json');
      throw new AlexNetError(
        'USAGE',
        run
          ? `${path} holds a run already; go on with it by --resume ${path}, or choose another --out`
          : `${path} is not empty; choose another --out`,
      );
    }
    await mkdir(join(path, 'checkpoints'), { recursive: true }).catch((error: Error) => {
      throw new AlexNetError('USAGE', `${path} cannot be made: ${error.message}`);
    });
    return new RunFolder(path, await open(join(path, 'metrics.jsonl'), 'a'));
  }

  /** Opens a run to go on with it after `step` steps: what its metrics say of later ones will be done again. */
  static async resume(path: string, step: number): Promise<RunFolder> {
    const file = join(path, 'metrics.jsonl');
    const text = await readFile(file, 'utf8').catch(() => '');
    const kept = text.split('\n').filter((line) => {
      try {
        return (JSON.parse(line) as { step: number }).step <= step;
      } catch {
        return false;
      }
    });
    await writeWhole(file, kept.map((line) => `${line}\n`).join(''));
    return new RunFolder(path, await open(file, 'a'));
  }

  static async config(path: string): Promise<RunConfig> {
    const text = await readFile(join(path, 'config.json'), 'utf8').catch(() => {
      throw new AlexNetError('USAGE', `${path} is not a run: it has no config.json`);
    });
    try {
      return JSON.parse(text) as RunConfig;
    } catch {
      throw new AlexNetError('CHECKPOINT', `${path}/config.json is damaged: it is not JSON`);
    }
  }

  async writeConfig(config: RunConfig): Promise<void> {
    await writeWhole(join(this.path, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
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
    if (text) await this.metrics.appendFile(text);
  }

  /** Removes the folder of a run that did not begin. */
  async discard(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.flush();
    await this.metrics.close();
  }
}

export function checkpointPath(run: string, name: 'last' | 'best' | number): string {
  const file = typeof name === 'number' ? `step-${String(name).padStart(8, '0')}` : name;
  return join(run, 'checkpoints', `${file}.safetensors`);
}

/** The checkpoint of a run to load: the one asked for, or null when it has not been written yet. */
export async function existingCheckpoint(run: string, ...names: ('last' | 'best')[]): Promise<string | null> {
  for (const name of names) {
    const path = checkpointPath(run, name);
    if (await exists(path)) return path;
  }
  return null;
}
