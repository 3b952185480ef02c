#!/usr/bin/env node
/**
 * A model in ONNX Runtime on the CPU: one contender of `npm run bench:cpu`, which writes the model, starts this and asks
 * it for turns. The package is none of ours: npm install --ignore-scripts onnxruntime-node@1.30 in a folder, named by
 * --modules (its scripts would fetch what cards need).
 *
 * Lines of JSON on stdout: first {"program", "probabilities"} of the last image; then, for each line on stdin with a number
 * of milliseconds, inferences for at least that long and {"milliseconds"} of one. {"problem"} ends it.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values: given } = parseArgs({
  options: Object.fromEntries(
    ['modules', 'model', 'input', 'shape', 'threads'].map((name) => [name, { type: 'string' }]),
  ),
});

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function load(folder) {
  const require = createRequire(join(resolve(folder), 'package.json'));
  try {
    return { ort: require('onnxruntime-node'), version: require('onnxruntime-node/package.json').version };
  } catch {
    throw new Error(
      `no onnxruntime-node in ${folder}: npm install --ignore-scripts onnxruntime-node@1.30 there, or name another with --ort`,
    );
  }
}

async function start() {
  const { ort, version } = load(given.modules);
  const session = await ort.InferenceSession.create(given.model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: Number(given.threads),
    interOpNumThreads: 1,
    // Its threads wait busily within a run, and leave the cores to the next contender after it.
    extra: { session: { force_spinning_stop: '1' } },
  });
  const bytes = readFileSync(given.input);
  const x = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', x, given.shape.split(',').map(Number)) };
  const step = async () => (await session.run(feeds))[session.outputNames[0]];
  const { data, dims } = await step();
  say({ program: `ONNX Runtime ${version}`, probabilities: Array.from(data.slice(-dims.at(-1))) });
  return step;
}

try {
  const step = await start();
  for await (const line of createInterface({ input: process.stdin })) {
    const began = performance.now();
    let steps = 0;
    do {
      await step();
      steps++;
    } while (performance.now() - began < Number(line));
    say({ milliseconds: (performance.now() - began) / steps });
  }
} catch (error) {
  say({ problem: String(error.message).split('\n')[0] });
  process.exitCode = 1;
}
