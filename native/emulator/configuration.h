// The configuration of the emulated machine and its GPUs (cards). It is read from the environment variable
// ALEXNET_EMULATOR at the first use. configure() changes it and begins a new machine: cards, streams and
// memory of the old one are discarded.
//
//   devices=2            how many cards there are, at most 8
//   memory=1073741824    bytes of each
//   capability=9.0       7.5, 8.0, 8.6, 8.9, 9.0, ...
//   multiprocessors=4    of each
//   driver=13000         the driver's version, as CUDA counts it; "missing": there is none
//   peer=1               1: access between cards is granted and works; 0: not granted;
//                        "corrupt": copies between cards arrive changed; "hang": they never finish
//   check=1              0: the detectors are off
//   order=forward        in which order threads and blocks take turns: forward, reverse, random
//   copies=late          when cp.async's bytes arrive: late (at the wait), early (at once), random
//   hopper=late          when TMA's copies and wgmma's products happen: late, early,
//                        copies-early (products late), products-early (copies late)
//   seed=0               the seed of all random choices. Streams: with 0 the work that was queued last
//                        runs first, wherever that is allowed; other seeds choose at random.
//
// Injected failures, counted from the setting on:
//   fail_allocation=3    the third cudaMalloc fails with cudaErrorMemoryAllocation
//   fail_launch=2        the second kernel launch fails with cudaErrorLaunchOutOfResources
//   fault_launch=5       the fifth kernel launched faults on the card: a sticky cudaErrorIllegalAddress
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#pragma GCC visibility push(hidden)

namespace emulator {

enum class ThreadOrder { kForward, kReverse, kRandom };
enum class CopyTime { kLate, kEarly, kRandom };
enum class Peer { kWorks, kDenied, kCorrupts, kHangs };

struct Configuration {
  int devices = 2;
  size_t memory = size_t{1} << 30;
  int capability = 90;
  int multiprocessors = 4;
  int driver = 13000;
  Peer peer = Peer::kWorks;
  bool check = true;
  ThreadOrder order = ThreadOrder::kForward;
  CopyTime copies = CopyTime::kLate;
  bool late_copies = true, late_products = true;
  uint32_t seed = 0;
  // Counts down to the call that fails; 0: none will fail.
  int fail_allocation = 0, fail_launch = 0, fault_launch = 0;
};

// Begins a new machine with these settings. Returns what is wrong with the text, or an empty string.
std::string configure(const std::string& text);
// Sets failures to inject into the running machine.
std::string inject(const std::string& text);

// The configuration of the running machine. Only inject() and its countdowns change it.
Configuration& configuration();

}  // namespace emulator

#pragma GCC visibility pop
