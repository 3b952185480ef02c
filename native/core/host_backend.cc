// Arenas in host memory.
#include <cstdlib>
#include <cstring>

#include "core/backend.h"
#include "core/complaints.h"
#include "core/cpu_info.h"

// The address sanitizer sees an access past the end of heap memory, not past the end of mapped pages.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#define ALEXNET_HUGE_PAGES 1
#include <sys/mman.h>
#endif

namespace alexnet {
namespace {

size_t rounded_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

#ifdef ALEXNET_HUGE_PAGES
// Above this an arena is made of huge pages where the system has them: a weight matrix of 150 MB is read with
// few misses of the address translation.
constexpr size_t kHugePage = size_t{2} << 20;

// Anonymous pages come zero-filled, and only when they are touched.
std::byte* allocate(size_t bytes) {
  void* pages = mmap(nullptr, rounded_up(bytes, kHugePage), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  if (bytes >= kHugePage)
    madvise(pages, rounded_up(bytes, kHugePage), MADV_HUGEPAGE);  // advice: may be refused
  return static_cast<std::byte*>(pages);
}
void release(std::byte* arena, size_t bytes) { munmap(arena, rounded_up(bytes, kHugePage)); }

#else

std::byte* allocate(size_t bytes) {
  void* memory = std::aligned_alloc(kAlignment, rounded_up(bytes, kAlignment));
  if (memory) std::memset(memory, 0, bytes);
  return static_cast<std::byte*>(memory);
}
void release(std::byte* arena, size_t) { std::free(arena); }

#endif

}  // namespace

HostBackend::~HostBackend() {
  if (arena_) release(arena_, bytes_);
}

void HostBackend::reserve(size_t bytes) {
  if (arena_) release(arena_, bytes_);
  arena_ = nullptr;
  bytes_ = 0;
  if (bytes == 0) return;
  // The system promises more memory than there is and ends the process when it is used; so ask first.
  const size_t limit = memory_limit();
  if (limit != 0 && bytes > limit)
    throw Error("OUT_OF_MEMORY", "a device needs " + mebibytes_text(bytes) +
                                     " of memory, but this process can have " + mebibytes_text(limit) +
                                     " at most");
  arena_ = allocate(bytes);
  if (!arena_)
    throw Error("OUT_OF_MEMORY",
                "a device needs " + mebibytes_text(bytes) + " of memory, which the system does not give");
  bytes_ = bytes;
}

void HostBackend::upload(size_t offset, const void* source, size_t bytes) {
  if (bytes > 0) std::memcpy(arena_ + offset, source, bytes);
}

void HostBackend::download(size_t offset, void* target, size_t bytes) {
  if (bytes > 0) std::memcpy(target, arena_ + offset, bytes);
}

void HostBackend::copy_to(const Tensor& x, HostBackend& target, const Tensor& to) {
  const std::byte* source = data<std::byte>(x);
  std::byte* destination = target.data<std::byte>(to);
  const size_t element = bytes_of(x.dtype);
  if (x.dense() && to.dense()) {
    std::memcpy(destination, source, x.bytes());
    return;
  }
  // A row of columns at once where neither side has gaps between them, otherwise the channels of one
  // position.
  const bool whole_rows = x.strides[2] == x.c() && to.strides[2] == to.c();
  const int64_t columns = whole_rows ? 1 : x.w();
  const size_t run = static_cast<size_t>(whole_rows ? x.w() * x.c() : x.c()) * element;
  const auto place = [element](const Tensor& t, int64_t n, int64_t h, int64_t w) {
    return static_cast<size_t>(n * t.strides[0] + h * t.strides[1] + w * t.strides[2]) * element;
  };
  for (int64_t n = 0; n < x.n(); ++n)
    for (int64_t h = 0; h < x.h(); ++h)
      for (int64_t w = 0; w < columns; ++w)
        std::memcpy(destination + place(to, n, h, w), source + place(x, n, h, w), run);
}

}  // namespace alexnet
