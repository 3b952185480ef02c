"""Images a second of PyTorch's own way from files to batches: Pillow decodes, resizes and crops in a DataLoader's workers.

    python torch_loading.py FOLDER [--size 256] [--workers 2] [--batch 128]

FOLDER has class folders of images. The workers are started and have loaded their first batches before the clock starts.
"""

import argparse
import json
import os
import time

import numpy
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset


class Images(Dataset):
    """As torchvision's Resize(size), CenterCrop(size), ToTensor."""

    def __init__(self, folder, size):
        self.size = size
        classes = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
        self.files = [
            (os.path.join(folder, name, file), label)
            for label, name in enumerate(classes)
            for file in sorted(os.listdir(os.path.join(folder, name)))
        ]

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        path, label = self.files[index]
        image = Image.open(path).convert("RGB")
        width, height = image.size
        scale = self.size / min(width, height)
        image = image.resize((max(self.size, round(width * scale)), max(self.size, round(height * scale))), Image.BILINEAR)
        left, top = (image.width - self.size) // 2, (image.height - self.size) // 2
        image = image.crop((left, top, left + self.size, top + self.size))
        pixels = torch.from_numpy(numpy.array(image))
        return pixels.permute(2, 0, 1).contiguous().float().div_(255), label


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    options = parser.parse_args()
    images = Images(options.folder, options.size)
    loader = DataLoader(
        images, options.batch, shuffle=True, num_workers=options.workers, persistent_workers=options.workers > 0
    )
    # The first epoch starts the workers and brings the files into memory.
    for _ in loader:
        pass
    start = time.perf_counter()
    count = sum(len(labels) for _, labels in loader)
    seconds = time.perf_counter() - start
    print(json.dumps({"program": f"PyTorch {torch.__version__}", "imagesPerSecond": count / seconds}))


if __name__ == "__main__":
    main()
