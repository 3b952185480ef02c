#include "emulator/host_memory.h"

#include <link.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>

namespace emulator {
namespace {

struct Pinned {
  size_t bytes;
  bool registered;
};

std::mutex mutex;
std::map<uintptr_t, Pinned>& pinned() {
  static auto* const ranges = new std::map<uintptr_t, Pinned>;
  return *ranges;
}

bool is_pinned_range(uintptr_t address, size_t bytes) {
  std::lock_guard lock(mutex);
  auto after = pinned().upper_bound(address);
  if (after == pinned().begin()) return false;
  const auto& [begin, range] = *std::prev(after);
  return address + bytes <= begin + range.bytes;
}

// The addresses at which the loader placed the object that contains this code. __constant__ and __device__
// variables and constant tables are variables of this object.
struct Image {
  uintptr_t begin = 0, end = 0;
};

int find_image(dl_phdr_info* object, size_t, void* result) {
  Image image{UINTPTR_MAX, 0};
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& header = object->dlpi_phdr[i];
    if (header.p_type != PT_LOAD) continue;
    const uintptr_t begin = object->dlpi_addr + header.p_vaddr, end = begin + header.p_memsz;
    image.begin = begin < image.begin ? begin : image.begin;
    image.end = end > image.end ? end : image.end;
  }
  const auto here = reinterpret_cast<uintptr_t>(&find_image);
  if (here < image.begin || here >= image.end) return 0;
  *static_cast<Image*>(result) = image;
  return 1;
}

}  // namespace

void* allocate_pinned(size_t bytes) {
  void* memory = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (memory == nullptr) return nullptr;
  std::lock_guard lock(mutex);
  pinned()[reinterpret_cast<uintptr_t>(memory)] = {bytes, false};
  return memory;
}

bool free_pinned(void* memory) {
  {
    std::lock_guard lock(mutex);
    const auto found = pinned().find(reinterpret_cast<uintptr_t>(memory));
    if (found == pinned().end() || found->second.registered) return false;
    pinned().erase(found);
  }
  std::free(memory);
  return true;
}

bool register_pinned(void* memory, size_t bytes) {
  std::lock_guard lock(mutex);
  return pinned().insert({reinterpret_cast<uintptr_t>(memory), {bytes, true}}).second;
}

bool unregister_pinned(void* memory) {
  std::lock_guard lock(mutex);
  const auto found = pinned().find(reinterpret_cast<uintptr_t>(memory));
  if (found == pinned().end() || !found->second.registered) return false;
  pinned().erase(found);
  return true;
}

bool is_pinned(const void* address) { return is_pinned_range(reinterpret_cast<uintptr_t>(address), 1); }

bool kernels_may_use(const void* address, size_t bytes) {
  static const Image image = [] {
    Image found;
    dl_iterate_phdr(find_image, &found);
    return found;
  }();
  const auto at = reinterpret_cast<uintptr_t>(address);
  return (at >= image.begin && at + bytes <= image.end) || is_pinned_range(at, bytes);
}

}  // namespace emulator
