// The runtime's functions that launch kernels, and set and read their attributes.
#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "emulator/block.h"
#include "emulator/checker.h"
#include "emulator/configuration.h"
#include "emulator/kernel_launch.h"
#include "emulator/machine.h"

using emulator::configuration;
using emulator::Failure;
using emulator::finish;
using emulator::machine;

namespace emulator {
namespace {

constexpr size_t kDefaultSharedBytes = 48 * 1024;

// Dynamic shared memory beyond the default that a kernel was allowed on a card.
std::map<std::pair<int, const void*>, size_t>& shared_bytes_given() {
  static auto* const given = new std::map<std::pair<int, const void*>, size_t>;
  return *given;
}

size_t shared_bytes_of(int card, const void* kernel) {
  const auto found = shared_bytes_given().find({card, kernel});
  return found == shared_bytes_given().end() ? kDefaultSharedBytes : found->second;
}

// Blocks run one after another, in the configured order of threads.
Failure run_grid(Launch what) {
  static Block& block = *new Block;
  const uint64_t total = uint64_t{what.grid.x} * what.grid.y * what.grid.z;
  const ThreadOrder order = configuration().order;
  std::vector<uint32_t> shuffled;
  if (order == ThreadOrder::kRandom) {
    shuffled.resize(total);
    std::iota(shuffled.begin(), shuffled.end(), 0u);
    block.random = configuration().seed + 1;
    for (uint64_t i = total; i > 1; --i) {
      block.random = block.random * 1664525u + 1013904223u;
      std::swap(shuffled[i - 1], shuffled[(block.random >> 8) % i]);
    }
  }
  begin_launch();
  for (uint64_t i = 0; i < total; ++i) {
    const uint64_t n = order == ThreadOrder::kForward   ? i
                       : order == ThreadOrder::kReverse ? total - 1 - i
                                                        : shuffled[i];
    block.run(what,
              {static_cast<unsigned>(n % what.grid.x), static_cast<unsigned>(n / what.grid.x % what.grid.y),
               static_cast<unsigned>(n / what.grid.x / what.grid.y)});
    if (block.failure.error != cudaSuccess) return block.failure;
  }
  return {};
}

bool is_valid(const cudaLaunchConfig_t& config) {
  const dim3 grid = config.gridDim, block = config.blockDim;
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || block.x == 0 || block.y == 0 || block.z == 0) return false;
  if (grid.x > 2147483647u || grid.y > 65535 || grid.z > 65535) return false;
  if (block.x > 1024 || block.y > 1024 || block.z > 64) return false;
  return block.x * block.y * block.z <= 1024;
}

bool is_due(int& countdown) { return countdown > 0 && --countdown == 0; }

}  // namespace

void forget_kernels() { shared_bytes_given().clear(); }

cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel, KernelCall call) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_current_card(); state.error != cudaSuccess)
    return finish(state);
  CUstream_st* const stream = machine().stream_of(config.stream);
  const int card = current_card();
  if (stream == nullptr || stream->card != card)
    return finish(cudaErrorInvalidResourceHandle,
                  stream ? "the stream is of another card" : "there is no such stream");
  if (!is_valid(config)) return finish(cudaErrorInvalidConfiguration);
  const size_t most = shared_bytes_of(card, kernel);
  if (config.dynamicSmemBytes > most)
    return finish(cudaErrorInvalidValue,
                  std::to_string(config.dynamicSmemBytes) +
                      " bytes of dynamic shared memory, of which the kernel was given " +
                      std::to_string(most));
  if (is_due(configuration().fail_launch)) return finish(cudaErrorLaunchOutOfResources, "injected");
  const bool faults = is_due(configuration().fault_launch);

  Launch what;
  what.kernel = kernel;
  what.grid = config.gridDim;
  what.block = config.blockDim;
  what.dynamic_bytes = config.dynamicSmemBytes;
  what.optin_bytes = most;
  what.capability = configuration().capability;
  Work work;
  work.run = [what, card, faults, call = std::move(call)]() mutable -> Failure {
    if (faults) return {cudaErrorIllegalAddress, "injected", card};
    what.call = call.call;
    what.arguments = call.kept.get();
    what.reachable = 1u << card | machine().card(card).peers;
    Failure failure = run_grid(what);
    failure.card = card;
    return failure;
  };
  return submit(*stream, std::move(work));
}

}  // namespace emulator

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  cudaDeviceProp properties{};
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, emulator::current_card());
      error != cudaSuccess)
    return error;
  auto lock = machine().lock();
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || static_cast<size_t>(value) > properties.sharedMemPerBlockOptin)
    return finish(cudaErrorInvalidValue);
  emulator::shared_bytes_given()[{emulator::current_card(), kernel}] = static_cast<size_t>(value);
  return cudaSuccess;
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_current_card(); state.error != cudaSuccess)
    return finish(state);
  *attributes = {};
  attributes->maxThreadsPerBlock = 1024;
  attributes->numRegs = 64;
  attributes->ptxVersion = attributes->binaryVersion = configuration().capability;
  attributes->maxDynamicSharedSizeBytes =
      static_cast<int>(emulator::shared_bytes_of(emulator::current_card(), kernel));
  return cudaSuccess;
}

// Assumes that a thread takes 64 registers.
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int threads,
                                                          size_t dynamic_bytes) {
  cudaDeviceProp properties{};
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, emulator::current_card());
      error != cudaSuccess)
    return error;
  if (threads < 1 || threads > 1024) return finish(cudaErrorInvalidValue);
  const int warps = (threads + 31) / 32;
  const size_t shared = dynamic_bytes + properties.reservedSharedMemPerBlock;
  *blocks =
      std::min({properties.maxThreadsPerMultiProcessor / (warps * 32), properties.maxBlocksPerMultiProcessor,
                properties.regsPerMultiprocessor / (warps * 32 * 64)});
  if (shared > 0)
    *blocks = std::min(*blocks, static_cast<int>(properties.sharedMemPerMultiprocessor / shared));
  return cudaSuccess;
}
