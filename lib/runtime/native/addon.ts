/**
 * The door to the native addon: only this folder goes through it. Each file gives a part of the addon its types, and the
 * errors that come out of it their class.
 */

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AlexNetError, type ErrorCode } from '../../errors.js';
import { packageRoot } from '../../package-root.js';

const binary = 'alexnet_native.node';

/** The name of this machine's folder under prebuilds/. */
export function platformName(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return `${platform}-${arch}-${header.glibcVersionRuntime ? 'glibc' : 'musl'}`;
}

function load(): { readonly file: string; readonly addon: unknown } {
  const require = createRequire(import.meta.url);
  const root = packageRoot();
  const chosen = process.env['ALEXNET_NATIVE_BINARY'];
  const files = chosen
    ? [resolve(chosen)]
    : [
        join(root, 'build-cuda', 'Release', binary),
        join(root, 'build', 'Release', binary),
        join(root, 'prebuilds', platformName(), binary),
      ];
  const failures: string[] = [];
  for (const file of files) {
    if (!existsSync(file)) {
      failures.push(`${file}: not there`);
      continue;
    }
    try {
      return { file, addon: require(file) as unknown };
    } catch (error) {
      failures.push(`${file}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  const advice = chosen
    ? 'Expected the path of one in ALEXNET_NATIVE_BINARY, or that variable unset.'
    : 'Build it: npm rebuild alexnet-native (npm 11.16 and later: npm install-scripts approve alexnet-native first).';
  throw new AlexNetError(
    'DEVICE',
    ['the native binary could not be loaded.', ...failures.map((failure) => `  ${failure}`), advice].join(
      '\n',
    ),
  );
}

let loaded: ReturnType<typeof load> | undefined;
/** The part of the addon that a file here wraps. */
export const addon = <Part>(): Part => (loaded ??= load()).addon as Part;

/** The binary that is in use. */
export const binaryFile = (): string => (loaded ??= load()).file;

/** Native errors have a message and a code already; they only become instances of this package's class. */
export function translated(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof AlexNetError) return error;
  return new AlexNetError(error.code as ErrorCode, error.message);
}

/** A call into the addon. */
export function native<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translated(error);
  }
}
