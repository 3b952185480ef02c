"""How far a prepared image is from what Pillow makes of the same file: python3 bench/peers/pillow_pixels.py FOLDER [COUNT]

Needs Pillow, NumPy and the built package (npm run build). Grey levels of 255: largest and mean difference.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 256
ROOT = Path(__file__).resolve().parents[2]

# Writes for every file its pixels as decoded (its ICC profile passed over), and as prepared; and the colours of all.
OURS = """
import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { decodeImage } from './dist/lib/data/images/decode.js';
import { covariance, meanColour, principalAxes } from './dist/lib/data/colour.js';
import { accumulate } from './dist/lib/runtime/native/images.js';
const [out, side, ...files] = process.argv.slice(2);
const colour = new BigUint64Array(9);
const mean = new Uint32Array(side ** 2 * 3);
for (const [i, file] of files.entries()) {
  const { data } = await sharp(file, { ignoreIcc: true }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  writeFileSync(`${out}/${i}.decoded`, data);
  const { pixels, reason } = await decodeImage(file, { store: Number(side), fit: 'crop' });
  if (reason) throw new Error(`${file}: ${reason}`);
  writeFileSync(`${out}/${i}.prepared`, pixels);
  accumulate(pixels, mean, colour);
}
writeFileSync(`${out}/mean`, Float32Array.from(mean, (sum) => sum / files.length));
const sums = { pixels: BigInt(files.length * side ** 2), first: [...colour.slice(0, 3)], second: [...colour.slice(3)] };
console.log(JSON.stringify({ mean: meanColour(sums), ...principalAxes(covariance(sums)) }));
"""


class Difference:
    def __init__(self):
        self.largest, self.means = 0, []

    def add(self, ours, theirs):
        apart = np.abs(ours.astype(int) - theirs.astype(int))
        self.largest = max(self.largest, apart.max())
        self.means.append(apart.mean())

    def __str__(self):
        return f"{len(self.means):4} images, largest {self.largest:3}, mean {np.mean(self.means):.3f}"


def usual(image, kernel):
    """As most programs do it: the rounded size stretches the longer side a little, and the crop begins at a whole pixel."""
    scale = SIDE / min(image.size)
    size = [max(SIDE, round(side * scale)) for side in image.size]
    left, top = ((extent - SIDE + 1) // 2 for extent in size)
    return image.resize(size, kernel).crop((left, top, left + SIDE, top + SIDE))


def same_places(image, kernel):
    """The square in the very centre."""
    side = min(image.size)
    left, top = ((extent - side) / 2 for extent in image.size)
    return image.resize((SIDE, SIDE), kernel, box=(left, top, left + side, top + side))


def main():
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10**9
    files = [file for file in sorted(folder.rglob("*")) if file.suffix.lower() in (".jpg", ".jpeg")]
    files = [file for file in files if Image.open(file).mode == "RGB" and not Image.open(file).getexif().get(0x112)][:count]
    found = {}
    prepared_all = []
    with tempfile.TemporaryDirectory() as out:
        script = ROOT / ".pillow-pixels.mjs"
        script.write_text(OURS)
        try:
            command = ["node", str(script), out, str(SIDE), *(str(file.resolve()) for file in files)]
            colours = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
        finally:
            script.unlink()
        mean_image = np.fromfile(f"{out}/mean", np.float32)
        for i, file in enumerate(files):
            image = Image.open(file)
            # Profiles are converted by us and not by Pillow: such files count for decoding alone.
            profiled = "icc_profile" in image.info
            image = image.convert("RGB")
            decoded = np.fromfile(f"{out}/{i}.decoded", np.uint8).reshape(image.height, image.width, 3)
            prepared = np.fromfile(f"{out}/{i}.prepared", np.uint8).reshape(SIDE, SIDE, 3)
            prepared_all.append(prepared.reshape(-1, 3))
            found.setdefault("decoding alone", Difference()).add(decoded, np.asarray(image))
            if profiled:
                continue
            shrink = min(image.size) / SIDE
            sort = "enlarged" if shrink < 1 else "shrunk less than 2 times" if shrink < 2 else "shrunk 2 times or more"
            for name, kernel in ("Lanczos", Image.LANCZOS), ("bicubic", Image.BICUBIC):
                for how in usual, same_places:
                    key = f"{sort}, {name}, {how.__name__.replace('_', ' ')}"
                    found.setdefault(key, Difference()).add(prepared, np.asarray(how(image, kernel)))
    for name in sorted(found):
        print(f"{name:55} {found[name]}")
    pixels = np.concatenate(prepared_all).astype(np.float64)
    direct = np.mean([prepared.reshape(-1) for prepared in prepared_all], axis=0, dtype=np.float64)
    print("mean image          apart from NumPy's by", np.abs(direct.astype(np.float32) - mean_image).max())
    values, vectors = np.linalg.eigh(np.cov(pixels.T, bias=True))
    print("mean colour        ", colours["mean"], "apart from NumPy's by", np.abs(pixels.mean(0) - colours["mean"]).max())
    apart = np.abs(np.sqrt(values[::-1]) - colours["deviations"]).max()
    print("deviations         ", colours["deviations"], "apart from NumPy's by", apart)
    cosines = np.abs(np.sum(vectors.T[::-1] * np.array(colours["axes"]), 1))
    print("axes: 1 - |cosine| ", 1 - cosines)


main()
