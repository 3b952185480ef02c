"""LRN for the CPU, as fast as PyTorch's operations allow: an image at a time, so that intermediate results stay in the cache.

Maps lie behind one another at each pixel (channels_last). s^-0.75 is rsqrt(s) * sqrt(rsqrt(s)), which vectors have, unlike
powers. Each device's maps are normalised by themselves: two groups.
"""

import torch

from torch_network import ALPHA, BETA, K, SIZE


def add_neighbours(q, total):
    """Adds to each map's number those of the maps at most SIZE // 2 beside it, in its own half."""
    half = q.shape[-1] // 2
    for start in (0, half):
        end = start + half
        for by in range(1, SIZE // 2 + 1):
            total[..., start + by : end].add_(q[..., start : end - by])
            total[..., start : end - by].add_(q[..., start + by : end])
    return total


def rows_of(maps):
    return maps.permute(0, 2, 3, 1)


def normalise(x, s, y):
    """One image, height x width x maps; s receives K + ALPHA * the sums of squares."""
    q = torch.mul(x, x).mul_(ALPHA)
    add_neighbours(q, torch.add(q, K, out=s))
    torch.rsqrt(s, out=y)
    torch.sqrt(y, out=q)
    y.mul_(q).mul_(x)


class ImageByImage(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        rows = rows_of(x)
        s, y = torch.empty_like(rows), torch.empty_like(rows)
        for image in zip(rows, s, y):
            normalise(*image)
        ctx.save_for_backward(x, s)
        return y.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx, dy):
        x, s = ctx.saved_tensors
        rows = rows_of(x)
        result = torch.empty_like(rows)
        for image, scale, gradient, dx in zip(rows, s, rows_of(dy), result):
            factor = torch.rsqrt(scale)
            factor.mul_(torch.sqrt(factor))
            torch.mul(gradient, factor, out=dx)
            share = torch.mul(dx, image).div_(scale)
            dx.addcmul_(image, add_neighbours(share, share.clone()), value=-2 * ALPHA * BETA)
        return result.permute(0, 3, 1, 2)


def lrn_image_by_image(x):
    if x.requires_grad:
        return ImageByImage.apply(x)
    rows = rows_of(x.float())
    y, s = torch.empty_like(rows), torch.empty_like(rows[0])
    for image, out in zip(rows, y):
        normalise(image, s, out)
    return y.permute(0, 3, 1, 2)


def lrn_for_compilers(x):
    """Plain operations along the innermost dimension, which torch.compile makes a few loops of."""
    rows = rows_of(x)
    n, h, w, maps = rows.shape
    half = maps // 2
    squares = torch.nn.functional.pad((rows * rows).view(n, h, w, 2, half), (SIZE // 2, SIZE // 2))
    total = squares[..., :half]
    for by in range(1, SIZE):
        total = total + squares[..., by : by + half]
    root = torch.rsqrt(K + ALPHA * total.reshape(n, h, w, maps))
    return (rows * root * torch.sqrt(root)).permute(0, 3, 1, 2)
