/** Four-channel images made on the spot: what print shops leave in photograph collections. */

import sharp from 'sharp';

type Cmyk = readonly [number, number, number, number];

/**
 * A CMYK JPEG of one colour whose Adobe marker then says that its first three channels are Y, Cb and Cr; and the CMYK that
 * a reader has to make of it. Adobe's files hold all four inverted.
 */
export async function fourChannelsAsYcck(jpeg: Uint8Array): Promise<{ ycck: Buffer; cmyk: Cmyk }> {
  const ycck = Buffer.from(jpeg);
  const transform = ycck.indexOf('Adobe') + 11;
  if (ycck[transform] !== 0) throw new Error('expected an Adobe marker without transform');
  ycck[transform] = 2;
  const plain = sharp(jpeg).pipelineColourspace('cmyk').toColourspace('cmyk').raw();
  const [c, m, y, k] = (await plain.toBuffer()) as unknown as Cmyk;
  const [luma, blue, red] = [255 - c, 255 - m - 128, 255 - y - 128];
  const inverse = [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue];
  // libjpeg makes C, M, Y of the complements of R, G, B; Adobe's inversion makes complements of these.
  const [first, second, third] = inverse.map((value) => Math.min(255, Math.max(0, Math.round(value))));
  return { ycck, cmyk: [first as number, second as number, third as number, k] };
}

/** Uncompressed, of one colour. */
export function cmykTiff(width: number, height: number, colour: Cmyk): Buffer {
  const pixels = Buffer.alloc(width * height * 4, Buffer.from(colour));
  const [short, long] = [3, 4];
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [256, long, 1, width],
    [257, long, 1, height],
    [258, short, 4, 8],
    [259, short, 1, 1],
    [262, short, 1, 5],
    [273, long, 1, 0],
    [277, short, 1, 4],
    [278, long, 1, height],
    [279, long, 1, pixels.length],
    [284, short, 1, 1],
  ];
  const directory = Buffer.alloc(8 + 2 + 12 * entries.length + 4 + 8);
  directory.write('II*\0', 'latin1');
  directory.writeUInt32LE(8, 4);
  directory.writeUInt16LE(entries.length, 8);
  const bits = directory.length - 8;
  for (let i = 0; i < 4; i++) directory.writeUInt16LE(8, bits + 2 * i);
  entries.forEach(([tag, type, count, value], i) => {
    const at = 10 + 12 * i;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    const there = tag === 258 ? bits : tag === 273 ? directory.length : value;
    directory.writeUInt32LE(there, at + 8);
  });
  return Buffer.concat([directory, pixels]);
}
