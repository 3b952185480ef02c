#include "images/turbojpeg.h"

#include <mutex>
#include <type_traits>

#include "core/error.h"

#if defined(__linux__)
#include <dlfcn.h>
#endif

namespace alexnet::images {
namespace {

using Handle = void*;

// Values of turbojpeg.h.
enum Init : int { kCompress = 0, kDecompress = 1 };
enum Parameter : int { kStopOnWarning = 0, kQuality = 3, kSubsampling = 4, kWidth = 5, kHeight = 6 };
constexpr int kFullChroma = 0, kRgb = 0;

struct Library {
  Handle (*init)(int);
  void (*destroy)(Handle);
  int (*set)(Handle, int, int);
  int (*get)(Handle, int);
  int (*read_header)(Handle, const unsigned char*, size_t);
  int (*decompress)(Handle, const unsigned char*, size_t, unsigned char*, int, int);
  int (*compress)(Handle, const unsigned char*, int, int, int, int, unsigned char**, size_t*);
  char* (*error)(Handle);
  void (*free)(void*);
};

Library library{};

bool load(const std::string& file) {
#if defined(__linux__)
  void* opened = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!opened) return false;
  bool complete = true;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(opened, name));
    complete = complete && function;
  };
  Library found{};
  find(found.init, "tj3Init");
  find(found.destroy, "tj3Destroy");
  find(found.set, "tj3Set");
  find(found.get, "tj3Get");
  find(found.read_header, "tj3DecompressHeader");
  find(found.decompress, "tj3Decompress8");
  find(found.compress, "tj3Compress8");
  find(found.error, "tj3GetErrorStr");
  find(found.free, "tj3Free");
  if (complete) library = found;
  return complete;
#else
  (void)file;
  return false;
#endif
}

// A thread's own.
struct Coder {
  explicit Coder(Init kind) : handle(library.init(kind)) {
    if (!handle) throw Error("OUT_OF_MEMORY", "no memory for a JPEG coder");
  }
  Coder(const Coder&) = delete;
  Coder& operator=(const Coder&) = delete;
  ~Coder() { library.destroy(handle); }

  Handle handle;
};

}  // namespace

bool load_turbojpeg(const std::string& file) {
  static std::once_flag once;
  static bool loaded = false;
  std::call_once(once, [&] { loaded = load(file); });
  return loaded;
}

bool decode_jpeg(const uint8_t* jpeg, size_t size, int width, int height, uint8_t* target) {
  thread_local const Coder coder(kDecompress);
  library.set(coder.handle, kStopOnWarning, 1);
  if (library.read_header(coder.handle, jpeg, size) != 0 || library.get(coder.handle, kWidth) != width ||
      library.get(coder.handle, kHeight) != height)
    return false;
  return library.decompress(coder.handle, jpeg, size, target, 0, kRgb) == 0;
}

JpegFile encode_jpeg(const uint8_t* pixels, int width, int height, int quality) {
  thread_local const Coder coder(kCompress);
  library.set(coder.handle, kQuality, quality);
  library.set(coder.handle, kSubsampling, kFullChroma);
  unsigned char* bytes = nullptr;
  size_t size = 0;
  const int failed = library.compress(coder.handle, pixels, width, 0, height, kRgb, &bytes, &size);
  JpegFile file{{bytes, library.free}, size};
  if (failed != 0)
    throw Error("DEVICE", std::string("a JPEG file cannot be written: ") + library.error(coder.handle));
  return file;
}

}  // namespace alexnet::images
