// Space to depth (geometry.h) for strided convolutions of few channels, mainly conv1.
// Pixel (i, j) of the rearranged images holds the block of pixels that begins at (i * stride - top, j *
// stride - left). Its channels are (row in the block, column in the block, channel), group after group, and
// zeros outside the image. Kernels are rearranged likewise, with zeros past the window.
#pragma once

#include "cuda/convolution/geometry.h"
#include "cuda/device/launch.h"

namespace alexnet::cuda {

size_t rearranged_images_bytes(const Geometry& rearranged, DType dtype);
size_t rearranged_kernels_bytes(const Geometry& rearranged, DType dtype);

// Both are dense and aligned to 16 bytes. g is the original convolution.
template <class T>
void rearrange_images(const Geometry& g, const T* x, T* to, cudaStream_t stream);
template <class T>
void rearrange_kernels(const Geometry& g, const T* w, T* to, cudaStream_t stream);

// dw = parts[0] + parts[1] + ..., added in this order and rearranged back; parts are splits x groups x
// kernels x the elements of a rearranged kernel.
void finish_rearranged(const Geometry& g, const float* parts, int splits, int pitch, float* dw,
                       cudaStream_t stream);

}  // namespace alexnet::cuda
