/**
 * Prepares a store of small random images in a process of its own, to be killed: OUT ITEMS THREADS. Every 97th item is not an
 * image. Prints the outcome, or an error's code and message, as JSON.
 */

import { prepareStore } from '../../dist/lib/data/store/prepare.js';

const [out, items, threads] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const side = 16;

function pixelsAt(index) {
  const pixels = new Uint8Array(side * side * 3);
  let state = (index * 2654435761) >>> 0;
  for (let p = 0; p < pixels.length; p++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pixels[p] = state >>> 24;
  }
  return pixels;
}

const source = {
  kind: 'cifar',
  path: 'random',
  fingerprint: String(items),
  classes: null,
  images: items,
  bytes: items,
  async *items(from) {
    for (let index = from?.index ?? 0; index < items; index++) {
      const place = { name: `item ${index}`, next: { index: index + 1 }, bytesRead: index + 1 };
      if (index % 97 === 96) yield { ...place, reason: 'it is the 97th' };
      else {
        const split = index < items / 2 ? 'train' : 'validation';
        yield { ...place, label: index % 10, split, content: { pixels: pixelsAt(index), side } };
      }
    }
  },
};

try {
  console.log(JSON.stringify(await prepareStore(source, { out, threads, size: side })));
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
  process.exitCode = 1;
}
