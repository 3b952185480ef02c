/** Between a device's block of weights (K×R×S×C) and the whole model's tensor in the ecosystem's order (O×I×H×W). */

import type { Shard } from '../plan/parameters.js';

/** Calls `move` with the places of each element: in the shard and in the whole tensor. */
function forEach(shard: Shard, move: (inShard: number, inWhole: number) => void): void {
  const [kernels, rows, columns, channels] = shard.value.shape;
  const wholeChannels = shard.whole[3];
  const area = rows * columns;
  for (let k = 0; k < kernels; k++) {
    const wholeKernel = (shard.kernelOffset + k) * wholeChannels + shard.channelOffset;
    for (let c = 0; c < channels; c++) {
      const inWhole = (wholeKernel + c) * area;
      const inShard = k * area * channels + c;
      for (let p = 0; p < area; p++) move(inShard + p * channels, inWhole + p);
    }
  }
}

/** Copies the block into its places of the whole tensor. */
export function gatherShard(shard: Shard, block: Float32Array, whole: Float32Array): void {
  forEach(shard, (inShard, inWhole) => {
    whole[inWhole] = block[inShard] as number;
  });
}

/** The block's elements, taken out of the whole tensor. */
export function scatterShard(shard: Shard, whole: Float32Array): Float32Array {
  const block = new Float32Array(shard.value.shape.reduce((a, b) => a * b));
  forEach(shard, (inShard, inWhole) => {
    block[inShard] = whole[inWhole] as number;
  });
  return block;
}
