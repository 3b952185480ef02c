/** Used wrongly: exit code 2, one line on stderr that says what and what to do, nothing on stdout. */

import { expect, it } from 'vitest';
import { program } from './program.js';

const mistakes: readonly (readonly [args: string, line: string])[] = [
  [
    '',
    'expected a command: train, evaluate, classify, prepare, inspect, plan, devices, bench, build; see alexnet-native --help',
  ],
  ['trian', 'unknown command trian; did you mean train? See alexnet-native --help'],
  ['plan --bach 3', 'unknown option --bach; did you mean --batch? See alexnet-native plan --help'],
  ['train --no-flap', 'unknown option --no-flap; did you mean --no-flip? See alexnet-native train --help'],
  ['train --zzz', 'unknown option --zzz; see alexnet-native train --help'],
  ['train a b', 'unexpected argument b; see alexnet-native train --help'],
  ['train --batch', 'expected a value for --batch; see alexnet-native train --help'],
  ['train --batch 0', 'expected a positive whole number for --batch, received 0'],
  ['train --batch -3', 'expected a positive whole number for --batch, received -3'],
  ['train --batch 8 --batch 0', 'expected a positive whole number for --batch, received 0'],
  ['train --batch many', 'expected a positive whole number for --batch, received many'],
  ['train --batch=', 'expected a positive whole number for --batch, received nothing'],
  ['train --seed 1.5', 'expected a whole number of 0 or more for --seed, received 1.5'],
  ['train --momentum 1', 'expected a number from 0 to below 1 for --momentum, received 1'],
  ['train --learning-rate 0', 'expected a positive number for --learning-rate, received 0'],
  ['train --colour -1', 'expected a number of 0 or more for --colour, received -1'],
  ['train --classes 1', 'expected a whole number of 2 or more for --classes, received 1'],
  [
    'train --initialisation xavier',
    'expected paper, caffe, authors or he for --initialisation, received xavier',
  ],
  [
    'train --preset vgg',
    'expected paper, authors, caffe, torchvision, alexnet-bn, cifar or mini for --preset, received vgg',
  ],
  ['train --schedule cosine', 'expected plateau, step or constant for --schedule, received cosine'],
  [
    'train --preset paper --schedule step',
    'expected --step-at with --schedule step, for example --step-at 30,60',
  ],
  ['train --step-at 60,30', 'expected rising epochs such as 30,60 for --step-at, received 60,30'],
  [
    'train --schedule constant --factor 5',
    '--factor has no meaning with the constant schedule; add --schedule step',
  ],
  ['train --epochs 2 --steps 3', '--epochs and --steps are given both; a run has one length'],
  ['train --config nowhere.json', '--config nowhere.json cannot be read: it does not exist'],
  [
    'train --resume runs/mini-1 --batch 3',
    '--batch cannot be changed by --resume: the run keeps its own; only --epochs, --steps and those of the devices may be given',
  ],
  ['evaluate', 'missing argument: expected MODEL and DATA; see alexnet-native evaluate --help'],
  ['evaluate run', 'missing argument: expected DATA; see alexnet-native evaluate --help'],
  ['classify run', 'missing argument: expected IMAGES; see alexnet-native classify --help'],
  ['classify run a.jpg --views 5', 'expected 1 or 10 for --views, received 5'],
  ['classify run a.jpg --top 0', 'expected a positive whole number for --top, received 0'],
  ['plan --devices gpu', 'expected devices such as cpu, or cpu:0/2,cpu:1/2 for --devices, received gpu'],
  ['plan --mode test', 'expected train or inference for --mode, received test'],
];

it.concurrent.each(mistakes)('alexnet-native %s', async (args, line) => {
  const ran = await program(args.split(' ').filter((arg) => arg !== ''));
  expect(ran).toEqual({ code: 2, stdout: '', stderr: `alexnet-native: ${line}\n` });
});

it('--verbose adds the stack', async () => {
  const { code, stderr } = await program(['plan', '--batch', '0', '--verbose']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^alexnet-native: expected a positive whole number.*\nAlexNetError: .*\n {4}at /);
});

it('a network that two devices cannot share is a failure, not a wrong use', async () => {
  const ran = await program(['plan', '--preset', 'caffe', '--devices', 'cpu:0/2,cpu:1/2']);
  expect(ran).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'alexnet-native: layer lrn1 of caffe normalises across all maps, so its maps cannot be on 2 devices; use one device\n',
  });
});
