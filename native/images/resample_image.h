// A part of an image made square by Lanczos's kernel of 3 lobes.
#pragma once

#include <cstdint>

namespace alexnet::images {

// In pixels of the source, fractions included.
struct Box {
  double left, top, width, height;
};

// From height x width x 3 bytes to size x size x 3. The box lies within the source and is not empty.
void resample_image(const uint8_t* source, int64_t width, int64_t height, const Box& box, int64_t size,
                    uint8_t* target);

}  // namespace alexnet::images
