// Converts colours of other RGB spaces to sRGB.
#pragma once

#include <cstdint>

namespace alexnet::images {

// How an ICC profile of curves and a matrix reads: the light of each channel's 256 values, and from there to
// sRGB's red, green and blue light, row by row; 1 is white.
struct RgbSpace {
  float light[3][256];
  float to_srgb[3][3];
};

// `count` pixels in place; what sRGB cannot show is clipped.
void to_srgb(const RgbSpace& space, uint8_t* pixels, int64_t count);

}  // namespace alexnet::images
