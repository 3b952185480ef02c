/** Where binaries lie: what lib/runtime/native/binary.ts looks for, for the scripts that make and check them. */

import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const binary = 'alexnet_native.node';
export const built = join(root, 'build', 'Release', binary);
/** The addon with kernels for cards. */
export const builtForCuda = join(root, 'build-cuda', 'Release', binary);
/** The addon of the tests, whose cards are emulated. */
export const emulated = join(root, 'build', 'Release', 'alexnet_native_emulated.node');

const libc = () => (process.report.getReport().header.glibcVersionRuntime ? '-glibc' : '-musl');
export const platformName = `${process.platform}-${process.arch}${process.platform === 'linux' ? libc() : ''}`;
export const prebuilt = join(root, 'prebuilds', platformName, binary);

/** A program's place; undefined where it is not on PATH. */
export const pathOf = (name) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => ['', '.exe'].map((suffix) => join(folder, name + suffix)))
    .find((file) => existsSync(file));

/** The CUDA compiler's place, if there is one; CMake alone looks on PATH and in CUDACXX only. */
export function nvcc() {
  const { CUDACXX, CUDA_HOME, CUDA_PATH } = process.env;
  const homes = [CUDA_HOME, CUDA_PATH, '/usr/local/cuda'].filter(Boolean);
  const places = [CUDACXX, ...homes.map((home) => join(home, 'bin', 'nvcc')), pathOf('nvcc')];
  return places.find((file) => file && existsSync(file));
}
