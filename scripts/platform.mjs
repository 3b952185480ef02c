/** Where binaries lie: what lib/runtime/native.ts looks for, for the scripts that make and check them. */

import { dirname, join } from 'node:path';
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
