// Space to depth for convolutions of few channels and a stride (geometry.h), conv1 above all.
// Pixel (i, j) of the rearranged images holds the block of pixels from (i * stride - top, j * stride - left)
// on, as channels (row in the block, column in the block, channel), a group after another; zeros outside the
// image. Kernels likewise, zeros past the window.
#pragma once

#include "cuda/convolution/geometry.h"
#include "cuda/device/launch.h"

namespace alexnet::cuda {

size_t rearranged_images_bytes(const Geometry& rearranged, DType dtype);
size_t rearranged_kernels_bytes(const Geometry& rearranged, DType dtype);

// Both dense, 16 bytes' alignment. g is the convolution before.
template <class T>
void rearrange_images(const Geometry& g, const T* x, T* to, cudaStream_t stream);
template <class T>
void rearrange_kernels(const Geometry& g, const T* w, T* to, cudaStream_t stream);

// dw = parts[0] + parts[1] + ... in this order, put back in order; parts are splits x groups x kernels x the
// numbers of a rearranged kernel.
void finish_rearranged(const Geometry& g, const float* parts, int splits, int pitch, float* dw,
                       cudaStream_t stream);

}  // namespace alexnet::cuda
