// The memory of all emulated GPUs (cards): one range of addresses, divided equally among the cards.
#pragma once

#include <cstddef>
#include <string>

#pragma GCC visibility push(hidden)

namespace emulator {

inline constexpr int kMaxCards = 8;
inline constexpr size_t kCardAddresses = size_t{32} << 30;  // more than a card's memory, to leave gaps
inline constexpr size_t kAddressBytes = kMaxCards * kCardAddresses;

extern char* const address_space_begin;
inline char* address_space() { return address_space_begin; }
inline int card_at_offset(size_t offset) { return static_cast<int>(offset / kCardAddresses); }

// Returns null if the card has no room left.
char* allocate_on_card(int card, size_t bytes, size_t capacity);
// Returns false if no allocation begins there.
bool free_on_card(char* address);
void free_card(int card);
size_t used_on_card(int card);

// The card of an address in a card's memory; -1 for other memory.
int card_of(const void* address);
// Whether all these bytes belong to one allocation.
bool is_allocated(const void* address, size_t bytes);
std::string allocation_text(const void* address);

}  // namespace emulator

#pragma GCC visibility pop
