// JavaScript's memory, pinned, so that cards copy from it directly.
#pragma once

#include <napi.h>

#include <cstddef>
#include <map>
#include <memory>

namespace alexnet::addon {

// One array's memory, pinned and kept from being collected until the last owner of this goes.
class PinnedRange {
 public:
  // nullptr where cards cannot have it.
  static std::shared_ptr<const PinnedRange> make(const Napi::TypedArray& array, void* memory, size_t bytes);
  ~PinnedRange();
  PinnedRange(const PinnedRange&) = delete;
  PinnedRange& operator=(const PinnedRange&) = delete;

  bool contains(const void* address) const;

 private:
  PinnedRange(const Napi::TypedArray& array, void* memory, size_t bytes);

  std::byte* const memory_;
  const size_t bytes_;
  Napi::Reference<Napi::TypedArray> array_;
};

// What an environment has pinned. Runs under way share in what they read: unpinning waits for them.
class PinnedMemory {
 public:
  bool pin(const Napi::TypedArray& array, void* memory, size_t bytes);
  void unpin(const void* memory);
  // The range that an address lies in, or nullptr.
  std::shared_ptr<const PinnedRange> find(const void* address) const;

 private:
  std::map<const void*, std::shared_ptr<const PinnedRange>> ranges_;  // by where they begin
};

// (typed array) -> whether cards now copy from it directly
Napi::Value pin(const Napi::CallbackInfo& info);
// (typed array): as soon as no run reads it any more
Napi::Value unpin(const Napi::CallbackInfo& info);

}  // namespace alexnet::addon
