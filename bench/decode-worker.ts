/** A worker thread that does nothing but decode JPEG records: what a loader could reach at most. */

import { parentPort, workerData } from 'node:worker_threads';
import { decodeJpeg } from '../lib/data/images/jpeg.js';

const { records, size } = workerData as { records: readonly Uint8Array[]; size: number };
const target = new Uint8Array(new SharedArrayBuffer(size ** 2 * 3));

parentPort?.on('message', (count: number) => {
  for (let i = 0; i < count; i++) decodeJpeg(records[i % records.length] as Uint8Array, size, target);
  parentPort?.postMessage(count);
});
parentPort?.postMessage(0);
