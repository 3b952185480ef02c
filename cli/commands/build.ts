/** alexnet-native build: makes the native addon on this machine, for the CPU or for cards. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { AlexNetError } from '../../lib/errors.js';
import { exitCodes, type CliCommand, type Given } from '../command.js';
import { text } from '../values.js';

async function run(given: Given): Promise<number> {
  const [cuda, cpu, arch] = [given.switch('cuda'), given.switch('cpu'), given.flag('arch', text)];
  if (cuda && cpu) throw new AlexNetError('USAGE', '--cuda and --cpu are given both; expected one of them');
  if (arch !== undefined && !cuda) throw new AlexNetError('USAGE', '--arch goes with --cuda');
  if (arch !== undefined && !/^\d{2,3}a?(,\d{2,3}a?)*$/.test(arch)) {
    throw new AlexNetError(
      'USAGE',
      `expected compute capabilities such as 80,90a for --arch, received ${arch}`,
    );
  }
  const { packageRoot } = await import('../../lib/package-root.js');
  const flags = [...(cuda ? ['--cuda'] : []), ...(cpu ? ['--cpu'] : []), ...(arch ? ['--arch', arch] : [])];
  const script = join(packageRoot(), 'scripts', 'install.mjs');
  const child = spawn(process.execPath, [script, '--rebuild', ...flags], { stdio: 'inherit' });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? exitCodes.done : exitCodes.failed));
  });
}

const group = 'Options:';

export const build: CliCommand = {
  name: 'build',
  usage: '',
  about: 'Build the native addon here: for cards where nvcc and a driver are found, else for the CPU',
  positionals: [],
  options: {
    cuda: { group, switch: true, about: 'For CPU and cards; needs the CUDA toolkit 13 and CMake' },
    cpu: { group, switch: true, about: 'For the CPU only' },
    arch: {
      group,
      about: 'With --cuda: compute capabilities to build for, such as 80,90a',
      default: 'all from 7.5 on',
    },
  },
  examples: [
    ['build', 'what fits this machine'],
    ['build --cuda --arch 90a', 'for Hopper cards, quickly'],
  ],
  run,
};
