/** alexnet-native build: makes the native addon on this machine, for the CPU or for cards. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { AlexNetError } from '../../lib/errors.js';
import { exitCodes, jsonOption, type CliCommand, type Given } from '../command.js';
import { outputFor } from '../ui/output.js';
import { text, refuse } from '../values.js';

async function run(given: Given): Promise<number> {
  const [cuda, cpu, arch] = [given.switch('cuda'), given.switch('cpu'), given.flag('arch', text)];
  if (cuda && cpu) throw new AlexNetError('USAGE', '--cuda and --cpu are given both; expected one of them');
  if (arch !== undefined && !cuda) throw new AlexNetError('USAGE', '--arch goes with --cuda');
  if (arch !== undefined && !/^\d{2,3}a?(,\d{2,3}a?)*$/.test(arch)) {
    refuse('compute capabilities such as 80,90a', '--arch', arch);
  }
  const { packageRoot } = await import('../../lib/package-root.js');
  const flags = [...(cuda ? ['--cuda'] : []), ...(cpu ? ['--cpu'] : []), ...(arch ? ['--arch', arch] : [])];
  const script = join(packageRoot(), 'scripts', 'install.mjs');
  using output = outputFor(given);
  // What compilers say is no result.
  const stdout = output.json ? process.stderr : 'inherit';
  const child = spawn(process.execPath, [script, '--rebuild', ...flags], {
    stdio: ['inherit', stdout, 'inherit'],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) return exitCodes.failed;
  if (output.json) output.value(await inUse());
  return exitCodes.done;
}

/** The addon that is loaded from now on, and whether it has kernels for GPUs. */
async function inUse(): Promise<{ readonly binary: string; readonly cuda: boolean }> {
  const [{ binaryFile }, { cudaInfo }] = await Promise.all([
    import('../../lib/runtime/native/binary.js'),
    import('../../lib/runtime/native/cuda.js'),
  ]);
  return { binary: binaryFile(), cuda: cudaInfo().built };
}

const group = 'Options:';

export const build: CliCommand = {
  name: 'build',
  usage: '',
  about:
    'Build the native addon here: for GPUs (cards) where nvcc and a driver are found, else for the CPU only',
  positionals: [],
  options: {
    cuda: { group, switch: true, about: 'For CPU and cards; needs the CUDA toolkit 13 and CMake' },
    cpu: { group, switch: true, about: 'For the CPU only' },
    arch: {
      group,
      about: 'With --cuda: compute capabilities to build for, such as 80,90a',
      default: 'all from 7.5 on',
    },
    json: jsonOption,
  },
  examples: [
    ['build', 'what fits this machine'],
    ['build --cuda --arch 90a', 'for Hopper cards, quickly'],
  ],
  run,
};
