/** The addon's binary: where it lies, and loading it. */

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AlexNetError } from '../../errors.js';
import { packageRoot } from '../../package-root.js';

const fileName = 'alexnet_native.node';

/** The name of this machine's folder under prebuilds/. */
function platformName(): string {
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
        join(root, 'build-cuda', 'Release', fileName),
        join(root, 'build', 'Release', fileName),
        join(root, 'prebuilds', platformName(), fileName),
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

/** Loaded at its first use. */
export const binary = (): ReturnType<typeof load> => (loaded ??= load());

/** The binary that is in use. */
export const binaryFile = (): string => binary().file;
