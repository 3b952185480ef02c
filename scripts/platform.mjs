/** Where binaries lie: what lib/runtime/native.ts looks for, for the scripts that make and check them. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const binary = 'alexnet_native.node';
export const built = join(root, 'build', 'Release', binary);

const libc = () => (process.report.getReport().header.glibcVersionRuntime ? '-glibc' : '-musl');
export const platformName = `${process.platform}-${process.arch}${process.platform === 'linux' ? libc() : ''}`;
export const prebuilt = join(root, 'prebuilds', platformName, binary);
