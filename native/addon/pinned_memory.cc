#include "addon/pinned_memory.h"

#include <iterator>

#include "addon/arguments.h"
#include "addon/cards.h"
#include "addon/environment.h"

namespace alexnet::addon {

PinnedRange::PinnedRange(const Napi::TypedArray& array, void* memory, size_t bytes)
    : memory_(static_cast<std::byte*>(memory)), bytes_(bytes), array_(Napi::Persistent(array)) {}

std::shared_ptr<const PinnedRange> PinnedRange::make(const Napi::TypedArray& array, void* memory,
                                                     size_t bytes) {
  if (bytes == 0 || !pin_for_cards(memory, bytes)) return nullptr;
  return std::shared_ptr<const PinnedRange>(new PinnedRange(array, memory, bytes));
}

PinnedRange::~PinnedRange() { unpin_for_cards(memory_); }

bool PinnedRange::contains(const void* address) const {
  return address >= memory_ && address < memory_ + bytes_;
}

bool PinnedMemory::pin(const Napi::TypedArray& array, void* memory, size_t bytes) {
  if (find(memory)) return true;
  auto range = PinnedRange::make(array, memory, bytes);
  if (!range) return false;
  ranges_[memory] = std::move(range);
  return true;
}

void PinnedMemory::unpin(const void* memory) { ranges_.erase(memory); }

std::shared_ptr<const PinnedRange> PinnedMemory::find(const void* address) const {
  const auto after = ranges_.upper_bound(address);
  if (after == ranges_.begin()) return nullptr;
  const auto& range = std::prev(after)->second;
  return range->contains(address) ? range : nullptr;
}

Napi::Value pin(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&]() -> Napi::Value {
    const Bytes bytes = bytes_of(info[0], "memory");
    auto& pinned = info.Env().GetInstanceData<Environment>()->pinned;
    return Napi::Boolean::New(info.Env(), pinned.pin(info[0].As<Napi::TypedArray>(), bytes.data, bytes.size));
  });
}

Napi::Value unpin(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    info.Env().GetInstanceData<Environment>()->pinned.unpin(bytes_of(info[0], "memory").data);
    return info.Env().Undefined();
  });
}

}  // namespace alexnet::addon
