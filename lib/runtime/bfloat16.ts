/** bfloat16 on the host: the upper halves of float32 numbers. Plain loops: networks have 61 million weights. */

/** Rounded to nearest, ties to even, as every backend does. */
export function toBfloat16(numbers: Float32Array): Uint16Array {
  const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  const halves = new Uint16Array(numbers.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    halves[i] = isNaN ? 0x7fff : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}

export function fromBfloat16(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = (halves[i] as number) << 16;
  return new Float32Array(words.buffer);
}
