// libjpeg-turbo, by version 3 of its TurboJPEG interface (turbojpeg.h of that project documents it), out of a
// shared library that is named at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace alexnet::images {

// Once for the process; later calls change nothing. False where there is no such library or it is another
// version.
bool load_turbojpeg(const std::string& file);

// What can be done once a library is loaded. Coders belong to the thread.

// To height x width x 3 bytes of RGB, by the accurate transform. False for anything that libjpeg warns about,
// damage and missing parts among them, and for pictures of another size: `target` then holds anything.
bool decode_jpeg(const uint8_t* jpeg, size_t size, int width, int height, uint8_t* target);

// Chroma is not subsampled. Throws Error.
struct JpegFile {
  std::unique_ptr<uint8_t, void (*)(void*)> bytes;
  size_t size;
};
JpegFile encode_jpeg(const uint8_t* pixels, int width, int height, int quality);

}  // namespace alexnet::images
