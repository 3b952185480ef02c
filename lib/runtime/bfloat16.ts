/** bfloat16 on the host: the upper halves of float32 numbers. */

/** Rounded to nearest, ties to even, as every backend does. */
export function toBfloat16(numbers: Float32Array): Uint16Array {
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  return Uint16Array.from(bits, (word, i) =>
    Number.isNaN(numbers[i]) ? 0x7fff : ((word + 0x7fff + ((word >>> 16) & 1)) / 0x10000) & 0xffff,
  );
}

export function fromBfloat16(halves: Uint16Array): Float32Array {
  const bits = Uint32Array.from(halves, (half) => (half << 16) >>> 0);
  return new Float32Array(bits.buffer);
}
