import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint, writeAtomically, type NamedTensor } from '../../../lib/formats/checkpoint-file.js';
import { encodeHeader } from '../../../lib/formats/safetensors.js';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const tensors: NamedTensor[] = [
  { name: 'w', shape: [2, 2], data: Float32Array.of(1, -2, 3.5, NaN) },
  { name: 'steps', shape: [2], data: BigInt64Array.of(-1n, 2n ** 40n) },
  { name: 'bytes', shape: [3], data: Uint8Array.of(1, 2, 255) },
  { name: 'none', shape: [0], data: new Float64Array(0) },
];
const metadata = { format: 'pt', classes: '["cat","dog"]' };

describe('a checkpoint file', () => {
  it('comes back as it was written, and verified', async () => {
    await writeAtomically(at('a.safetensors'), tensors, metadata);
    const file = await readCheckpoint(at('a.safetensors'));
    expect(file.verified).toBe(true);
    expect(file.metadata).toMatchObject(metadata);
    for (const { name, shape, data } of tensors) expect(file.tensors.get(name)).toEqual({ shape, data });
  });

  it('writes views into larger arrays, and more than one piece', async () => {
    const large = Float32Array.from({ length: 5_000_003 }, (_, i) => i).subarray(3);
    await writeAtomically(at('large.safetensors'), [{ name: 'w', shape: [large.length], data: large }], {});
    const read = (await readCheckpoint(at('large.safetensors'))).tensors.get('w')?.data;
    expect(Buffer.from(read?.buffer as ArrayBuffer).equals(Buffer.from(large.slice().buffer))).toBe(true);
  });

  it('shows every flipped bit', async () => {
    await writeAtomically(at('flip.safetensors'), tensors.slice(2, 3), { by: 'x' });
    const whole = await readFile(at('flip.safetensors'));
    const accepted: number[] = [];
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      await writeFile(at('flipped.safetensors'), flipped);
      const message = await readCheckpoint(at('flipped.safetensors')).then(
        () => 'accepted',
        (error: Error & { code: string }) => `${error.code} ${error.message}`,
      );
      if (!/^CHECKPOINT [^\n]*flipped\.safetensors[^\n]*$/.test(message)) accepted.push(bit);
    }
    expect(accepted).toEqual([]);
  });

  it('shows every cut, and bytes added', async () => {
    await writeAtomically(at('cut.safetensors'), tensors, metadata);
    const { size } = await stat(at('cut.safetensors'));
    for (let length = size - 1; length >= 0; length -= 3) {
      await truncate(at('cut.safetensors'), length);
      await expect(readCheckpoint(at('cut.safetensors'))).rejects.toMatchObject({ code: 'CHECKPOINT' });
    }
    await writeAtomically(at('long.safetensors'), tensors, metadata);
    await writeFile(at('long.safetensors'), Buffer.alloc(8), { flag: 'a' });
    await expect(readCheckpoint(at('long.safetensors'))).rejects.toThrow('8 bytes at its end');
  });

  it('says what is damaged and what to do', async () => {
    await writeAtomically(at('last.safetensors'), tensors, metadata);
    const bytes = await readFile(at('last.safetensors'));
    bytes[bytes.length - 1] = 0;
    await writeFile(at('last.safetensors'), bytes);
    await expect(readCheckpoint(at('last.safetensors'))).rejects.toThrow(
      `${at('last.safetensors')} is damaged (checksum does not match); use another checkpoint`,
    );
  });

  it('of another program is read, unverified', async () => {
    const data = Float32Array.of(4, 5);
    const header = encodeHeader([{ name: 'w', shape: [2], data }], { checksum: 'a word of its own' });
    await writeFile(at('other.safetensors'), Buffer.concat([header, Buffer.from(data.buffer)]));
    const file = await readCheckpoint(at('other.safetensors'));
    expect(file.verified).toBe(false);
    expect(file.tensors.get('w')?.data).toEqual(data);
  });

  it('is refused where it is missing or a folder', async () => {
    await expect(readCheckpoint(at('absent'))).rejects.toThrow(`${at('absent')} does not exist`);
    await expect(readCheckpoint(folder)).rejects.toMatchObject({ code: 'CHECKPOINT' });
  });
});

describe('writing', () => {
  it('leaves the file before it untouched when it fails', async () => {
    await writeAtomically(at('kept.safetensors'), tensors, metadata);
    const lost = writeAtomically(at('absent/kept.safetensors'), tensors, metadata);
    await expect(lost).rejects.toThrow(/could not be written: .*what was there before is untouched$/);
    // A tensor whose bytes are gone cannot be written either: the failure comes after the file was begun.
    const gone = Float32Array.of(1);
    const broken: NamedTensor = {
      name: 'w',
      shape: [1],
      data: new Proxy(gone, {
        get: (target, property) => {
          if (property === 'buffer') throw new Error('gone');
          return Reflect.get(target, property, target) as unknown;
        },
      }),
    };
    await expect(writeAtomically(at('kept.safetensors'), [broken], {})).rejects.toThrow('gone');
    expect((await readCheckpoint(at('kept.safetensors'))).verified).toBe(true);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('several times at once to one place leaves one whole file', async () => {
    const all = Array.from({ length: 8 }, (_, i) =>
      writeAtomically(at('many.safetensors'), [{ name: 'w', shape: [1], data: Float32Array.of(i) }], {}),
    );
    await Promise.all(all);
    expect((await readCheckpoint(at('many.safetensors'))).verified).toBe(true);
  });

  it('clears away what a killed writer left, and nothing else', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const here = hostname().replaceAll(/[^\w-]/g, '-');
    const left = (name: string, host: string, writer: number): string =>
      `.${name}.safetensors.${host}.${writer}.0123abcd.tmp`;
    const dead = left('x', here, pid);
    const predecessor = left('x', here, process.pid);
    const alive = left('x', here, process.ppid);
    const elsewhere = left('x', 'elsewhere', pid);
    const longSilent = left('x', 'elsewhere', pid + 1);
    const others = left('y', here, pid);
    for (const name of [dead, predecessor, alive, elsewhere, longSilent, others])
      await writeFile(at(name), 'half');
    await utimes(at(longSilent), 1e9, 1e9);
    await writeAtomically(at('x.safetensors'), tensors, metadata);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp')).toSorted()).toEqual(
      [alive, elsewhere, others].toSorted(),
    );
  });
});
