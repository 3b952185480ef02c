/**
 * libjpeg-turbo, where its npm package contains it as a shared library, as on Linux. It is called without the package's binding,
 * which has the fast transforms only, so it is as exact as libvips and twice as fast.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadJpegLibrary } from '../../runtime/native/images.js';

let found: boolean | undefined;

/** Whether the addon decodes and encodes JPEG files. */
export function hasTurboJpeg(): boolean {
  found ??= libraries().some((file) => existsSync(file) && loadJpegLibrary(file));
  return found;
}

/** Where the package has it: one for glibc, one for musl, of which one loads; or where it was built. */
function libraries(): string[] {
  const root = dirname(createRequire(import.meta.url).resolve('@julusian/jpeg-turbo/package.json'));
  const platform = `jpeg-turbo-${process.platform}-${process.arch}`;
  return [
    join(root, 'prebuilds', platform),
    join(root, 'prebuilds', `${platform}-musl`),
    join(root, 'build', 'Release'),
  ].map((folder) => join(folder, 'libturbojpeg.so.0'));
}
