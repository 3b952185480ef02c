#include "emulator/card_memory.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <new>
#include <vector>

#include "emulator/checker.h"
#include "emulator/shadow.h"

namespace emulator {
namespace {

constexpr size_t kGap = 512, kBoundary = 256;
// Memory that was never written reads as a NaN; freed memory reads as another NaN.
constexpr int kFreshByte = 0xff, kFreedByte = 0xfe;

struct CardMemory {
  std::map<size_t, size_t> allocations;  // bytes, by offset
  size_t used = 0;
};

CardMemory& card_memory(int card) {
  static CardMemory memories[kMaxCards];
  return memories[card];
}

size_t offset_of(const void* address) {
  return static_cast<size_t>(static_cast<const char*>(address) - address_space());
}

// The last allocation that begins at or before the offset.
std::map<size_t, size_t>::const_iterator allocation_before(const CardMemory& memory, size_t offset) {
  auto after = memory.allocations.upper_bound(offset);
  return after == memory.allocations.begin() ? memory.allocations.end() : std::prev(after);
}

}  // namespace

char* const address_space_begin = [] {
  void* memory = mmap(nullptr, kAddressBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(memory);
}();

// First fit, with a gap after each allocation.
char* allocate_on_card(int card, size_t bytes, size_t capacity) {
  CardMemory& memory = card_memory(card);
  if (bytes > capacity || memory.used > capacity - bytes) return nullptr;
  size_t offset = static_cast<size_t>(card) * kCardAddresses + kBoundary;
  for (const auto& [begin, length] : memory.allocations) {
    if (begin >= offset + bytes + kGap) break;
    offset = (begin + length + kGap + kBoundary - 1) / kBoundary * kBoundary;
  }
  if (offset + bytes > static_cast<size_t>(card + 1) * kCardAddresses) return nullptr;
  memory.allocations[offset] = bytes;
  memory.used += bytes;
  char* const address = address_space() + offset;
  std::memset(address, kFreshByte, bytes);
  mark_allocated(address, bytes);
  return address;
}

bool free_on_card(char* address) {
  const int card = card_of(address);
  if (card < 0) return false;
  CardMemory& memory = card_memory(card);
  const auto found = memory.allocations.find(offset_of(address));
  if (found == memory.allocations.end()) return false;
  std::memset(address, kFreedByte, found->second);
  mark_freed(address, found->second);
  memory.used -= found->second;
  memory.allocations.erase(found);
  return true;
}

void free_card(int card) {
  auto& allocations = card_memory(card).allocations;
  while (!allocations.empty()) free_on_card(address_space() + allocations.begin()->first);
}

size_t used_on_card(int card) { return card_memory(card).used; }

int card_of(const void* address) {
  const size_t offset = offset_of(address);
  return offset < kAddressBytes ? card_at_offset(offset) : -1;
}

bool is_allocated(const void* address, size_t bytes) {
  const int card = card_of(address);
  if (card < 0) return false;
  const CardMemory& memory = card_memory(card);
  const auto found = allocation_before(memory, offset_of(address));
  return found != memory.allocations.end() && offset_of(address) + bytes <= found->first + found->second;
}

std::string allocation_text(const void* address) {
  char text[160];
  const int card = card_of(address);
  if (card < 0) {
    std::snprintf(text, sizeof text, "address %p", address);
    return text;
  }
  const CardMemory& memory = card_memory(card);
  const auto found = allocation_before(memory, offset_of(address));
  if (found == memory.allocations.end()) {
    std::snprintf(text, sizeof text, "address %p of card %d, before all allocations", address, card);
    return text;
  }
  const size_t within = offset_of(address) - found->first;
  std::snprintf(text, sizeof text, "byte %zu %s allocation of %zu bytes on card %d", within,
                within < found->second ? "of an" : "from the beginning of an", found->second, card);
  return text;
}

void mark_allocated(char* address, size_t bytes) {
  if (!checking) return;
  for_granules(
      static_cast<size_t>(address - address_space()), bytes, global_memory.state,
      [](State& state, unsigned which) { state = static_cast<State>((state | which) & ~(which << 4)); });
}

void mark_freed(char* address, size_t bytes) {
  if (!checking) return;
  for_granules(
      static_cast<size_t>(address - address_space()), bytes, global_memory.state,
      [](State& state, unsigned which) { state = static_cast<State>(state & ~(which | which << 4)); });
}

void mark_written(char* address, size_t bytes) {
  const size_t offset = static_cast<size_t>(address - address_space());
  if (!checking || offset >= kAddressBytes) return;
  for_granules(offset, bytes, global_memory.state,
               [](State& state, unsigned which) { state = static_cast<State>(state | which << 4); });
}

void copy_marks(char* to, const char* from, size_t bytes) {
  const size_t source = static_cast<size_t>(from - address_space());
  if (source >= kAddressBytes) return mark_written(to, bytes);
  const size_t target = static_cast<size_t>(to - address_space());
  if (!checking || target >= kAddressBytes) return;
  State* const states = global_memory.state;
  for (size_t i = 0; i < bytes;) {
    const size_t t = target + i, s = source + i;
    if (t % kGranule == 0 && s % kGranule == 0 && bytes - i >= kGranule) {
      states[t / kGranule] =
          static_cast<State>((states[t / kGranule] & 15u) | (states[s / kGranule] & 0xf0u));
      i += kGranule;
      continue;
    }
    const unsigned bit = 16u << (t % kGranule);
    const bool written = states[s / kGranule] >> (4 + s % kGranule) & 1u;
    states[t / kGranule] =
        static_cast<State>(written ? states[t / kGranule] | bit : states[t / kGranule] & ~bit);
    ++i;
  }
}

}  // namespace emulator
