#include "emulator/warp.h"

#include <bit>

#include "emulator/block.h"

namespace emulator {

static const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::kShuffle:
      return "__shfl_sync";
    case Operation::kShuffleUp:
      return "__shfl_up_sync";
    case Operation::kShuffleDown:
      return "__shfl_down_sync";
    case Operation::kShuffleXor:
      return "__shfl_xor_sync";
    case Operation::kVote:
      return "a vote";
    case Operation::kReduce:
      return "__reduce_sync";
    case Operation::kSynchronise:
      return "__syncwarp";
    case Operation::kMultiplyBf16:
      return "mma of bfloat16";
    case Operation::kMultiplyTf32:
      return "mma of tf32";
    case Operation::kLoadMatrices:
      return "ldmatrix";
  }
  return "";
}

void collective(Operation operation, uint32_t mask, void* request, Complete complete) {
  Thread& me = *current_thread;
  Warp& warp = *me.warp;
  const uint32_t bit = 1u << me.lane;
  if (!(mask & bit))
    fail(cudaErrorLaunchFailure, "a warp's operation whose mask %08x is without its caller", mask);
  if (mask & ~warp.live)
    fail(cudaErrorLaunchFailure,
         "a warp's operation whose mask %08x names lanes that do not exist or have returned", mask);
  size_t place = 0;
  for (; place < warp.gatherings.size(); ++place) {
    const Gathering& other = warp.gatherings[place];
    if (other.mask == mask && other.operation == operation) break;
    // Waiting lanes may still arrive here, unless they wait for this one.
    if (other.mask & bit && mask & other.arrived)
      fail(cudaErrorLaunchFailure,
           "divergent warp: %s with mask %08x, while lanes that it waits for wait in %s with mask %08x",
           name_of(operation), mask, name_of(other.operation), other.mask);
  }
  if (place == warp.gatherings.size()) warp.gatherings.push_back({operation, mask, 0});
  warp.requests[me.lane] = request;
  uint32_t& arrived = warp.gatherings[place].arrived;
  arrived |= bit;
  if (arrived != mask) {
    me.state = Thread::State::kInWarp;
    me.block->wait();
    return;
  }
  warp.gatherings.erase(warp.gatherings.begin() + static_cast<std::ptrdiff_t>(place));
  if (complete != nullptr) complete(warp.requests, mask);
  if (operation == Operation::kSynchronise) ++warp.epoch;
  Thread* const first = &me - me.lane;
  for (uint32_t rest = mask & ~bit; rest != 0; rest &= rest - 1)
    me.block->make_runnable(first[std::countr_zero(rest)]);
  me.block->progress();
}

void synchronise_warp(unsigned mask) { collective(Operation::kSynchronise, mask, nullptr, nullptr); }

unsigned active_mask() { return 1u << current_thread->lane; }

namespace {

struct ShuffleRequest {
  uint64_t value, result;
  int source;
};

void complete_shuffle(void* const* requests, uint32_t mask) {
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    auto& request = *static_cast<ShuffleRequest*>(requests[lane]);
    const int source = request.source < 0 ? lane : request.source;
    if (!(mask >> source & 1u))
      fail(cudaErrorLaunchFailure, "a shuffle of mask %08x in which lane %d reads lane %d", mask, lane,
           source);
    request.result = static_cast<const ShuffleRequest*>(requests[source])->value;
  }
}

struct GatherRequest {
  uint64_t value;
  uint64_t* all;
};

void complete_gather(void* const* requests, uint32_t mask) {
  for (uint32_t to = mask; to != 0; to &= to - 1)
    for (uint32_t from = mask; from != 0; from &= from - 1)
      static_cast<GatherRequest*>(requests[std::countr_zero(to)])->all[std::countr_zero(from)] =
          static_cast<const GatherRequest*>(requests[std::countr_zero(from)])->value;
}

struct VoteRequest {
  bool predicate;
  uint32_t result;
};

void complete_vote(void* const* requests, uint32_t mask) {
  uint32_t result = 0;
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if (static_cast<const VoteRequest*>(requests[lane])->predicate) result |= 1u << lane;
  }
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1)
    static_cast<VoteRequest*>(requests[std::countr_zero(rest)])->result = result;
}

}  // namespace

uint64_t shuffle_bits(Operation operation, unsigned mask, uint64_t value, int source) {
  ShuffleRequest request{value, 0, source};
  collective(operation, mask, &request, complete_shuffle);
  return request.result;
}

void gather_bits(unsigned mask, uint64_t value, uint64_t (&all)[32]) {
  GatherRequest request{value, all};
  collective(Operation::kReduce, mask, &request, complete_gather);
}

unsigned vote(unsigned mask, bool predicate) {
  VoteRequest request{predicate, 0};
  collective(Operation::kVote, mask, &request, complete_vote);
  return request.result;
}

}  // namespace emulator
