// The gradient with respect to a convolution's bias.
#pragma once

#include "cuda/convolution/geometry.h"
#include "cuda/device/launch.h"

namespace alexnet::cuda {

// Bytes of scratch.
size_t bias_gradient_bytes(const Geometry& g, const Card& card);

// db = the sum of dy over its pixels, channel by channel.
template <class T>
void bias_gradient(const Geometry& g, const T* dy, float* scratch, float* db, const Card& card,
                   cudaStream_t stream);

}  // namespace alexnet::cuda
