#include <bit>
#include <cstring>

#include "emulator/async_units.h"
#include "emulator/checker.h"
#include "emulator/configuration.h"
#include "emulator/hopper.h"

namespace emulator {

AsyncUnits& async_units() {
  Block& block = *current_thread->block;
  if (!block.async_units) block.async_units = std::make_shared<AsyncUnits>();
  return *block.async_units;
}

namespace {

constexpr int kGroupThreads = 128, kRows = 64, kDepth = 16, kMostColumns = 256;

// A matrix descriptor of 64 bits. The address is in units of 16 bytes, as are the offsets.
struct Operand {
  uint32_t address, leading, stride;
  bool transposed;
};

Operand operand_of(uint64_t descriptor, bool transposed) {
  if (descriptor >> 62 != 1)
    fail(cudaErrorNotSupported,
         "wgmma with a descriptor whose swizzle is not of 128 bytes; the emulator has no other");
  const auto field = [descriptor](int bit) {
    return static_cast<uint32_t>(descriptor >> bit & 0x3fffu) << 4;
  };
  return {field(0), field(16), field(32), transposed};
}

// The offset of element k of row `row` (for b: of a column), before the swizzle. k innermost: groups of 8
// rows of 128 bytes, `stride` apart. Rows innermost: 64 of them in 128 bytes; 8 of k a group, `stride` apart;
// the next 64 rows are `leading` further on.
uint32_t offset_of(const Operand& operand, int row, int k) {
  const auto r = static_cast<uint32_t>(row), d = static_cast<uint32_t>(k);
  if (!operand.transposed) return operand.address + r / 8 * operand.stride + r % 8 * 128 + d * 2;
  return operand.address + r / 64 * operand.leading + d / 8 * operand.stride + d % 8 * 128 + r % 64 * 2;
}

float element_of(const Operand& operand, int row, int k) {
  const char* address =
      current_thread->block->arena + swizzled(offset_of(operand, row, k), CU_TENSOR_MAP_SWIZZLE_128B);
  if (!in_arena(*current_thread->block, address + 1))
    fail(cudaErrorIllegalAddress, "wgmma reads beyond shared memory");
  check_written(address, 2, "wgmma reads");
  uint16_t bits;
  std::memcpy(&bits, address, 2);
  return std::bit_cast<float>(uint32_t{bits} << 16);
}

// Thread t holds of the sums: rows t / 32 * 16 + t % 32 / 4 and 8 more, columns 8j + t % 4 * 2 and the next.
template <class Take>
void for_sums(int columns, Take&& take) {
  for (int thread = 0; thread < kGroupThreads; ++thread)
    for (int i = 0; i < columns / 2; ++i)
      take(thread, i, thread / 32 * 16 + thread % 32 / 4 + i / 2 % 2 * 8, i / 4 * 8 + thread % 4 * 2 + i % 2);
}

void carry_out(const Product& product) {
  static float a[kRows][kDepth], b[kDepth][kMostColumns], d[kRows][kMostColumns];
  const Operand of_a = operand_of(product.a, product.a_transposed),
                of_b = operand_of(product.b, product.b_transposed);
  for (int row = 0; row < kRows; ++row)
    for (int k = 0; k < kDepth; ++k) a[row][k] = element_of(of_a, row, k);
  for (int column = 0; column < product.columns; ++column)
    for (int k = 0; k < kDepth; ++k) b[k][column] = element_of(of_b, column, k);
  for_sums(product.columns, [&](int thread, int i, int row, int column) {
    d[row][column] = product.adds ? product.d[thread][i] : 0;
  });
  for (int row = 0; row < kRows; ++row)
    for (int k = 0; k < kDepth; ++k)
      for (int column = 0; column < product.columns; ++column) d[row][column] += a[row][k] * b[k][column];
  for_sums(product.columns,
           [&](int thread, int i, int row, int column) { product.d[thread][i] = d[row][column]; });
}

// Waits for all 128 threads of the warpgroup; the last one to arrive calls `complete`.
template <class Complete>
void together(WarpgroupOperation operation, const char* name, Complete&& complete) {
  Thread& me = *current_thread;
  Block& block = *me.block;
  if (block.launch.capability != 90) fail(cudaErrorIllegalInstruction, "%s on a card without it", name);
  if (block.count < (me.number / kGroupThreads + 1) * kGroupThreads)
    fail(cudaErrorLaunchFailure, "%s by a warpgroup that is not whole", name);
  Warpgroup& group = async_units().warpgroups[me.number / kGroupThreads];
  if (group.arrived > 0 && group.operation != operation)
    fail(cudaErrorLaunchFailure, "divergent warpgroup: %s, while others wait in another of its operations",
         name);
  group.operation = operation;
  if (++group.arrived < kGroupThreads) {
    me.state = Thread::State::kInWarp;
    block.wait();
    return;
  }
  group.arrived = 0;
  complete(group);
  Thread* const first = &me - me.number % kGroupThreads;
  for (int i = 0; i < kGroupThreads; ++i)
    if (&first[i] != &me) block.make_runnable(first[i]);
  block.progress();
}

}  // namespace

void wgmma_fence() {
  together(WarpgroupOperation::kFence, "wgmma.fence", [](Warpgroup&) {});
}

void wgmma_commit() {
  together(WarpgroupOperation::kCommit, "wgmma.commit_group", [](Warpgroup& group) {
    group.groups.push_back(group.open);
    group.open = 0;
  });
}

void wgmma_wait(int groups_allowed_pending) {
  together(WarpgroupOperation::kWait, "wgmma.wait_group", [groups_allowed_pending](Warpgroup& group) {
    while (group.groups.size() > static_cast<size_t>(groups_allowed_pending)) {
      for (size_t i = 0; i < group.groups.front(); ++i) {
        if (configuration().late_products) carry_out(group.products.front());
        group.products.erase(group.products.begin());
      }
      group.groups.erase(group.groups.begin());
    }
  });
}

void wgmma_m64k16_bf16(float* d, int columns, uint64_t a, uint64_t b, bool adds, bool a_transposed,
                       bool b_transposed) {
  if (columns % 8 != 0 || columns < 8 || columns > kMostColumns)
    fail(cudaErrorIllegalInstruction, "wgmma of %d columns", columns);
  const int thread = current_thread->number % kGroupThreads;
  Warpgroup& group = async_units().warpgroups[current_thread->number / kGroupThreads];
  Product& next = group.next;
  if (group.arrived == 0) next = {a, b, columns, adds, a_transposed, b_transposed, {}};
  if (next.a != a || next.b != b || next.columns != columns || next.adds != adds ||
      next.a_transposed != a_transposed || next.b_transposed != b_transposed)
    fail(cudaErrorLaunchFailure, "wgmma: threads of a warpgroup disagree about its operands");
  next.d[thread] = d;
  together(WarpgroupOperation::kMultiply, "wgmma", [](Warpgroup& all) {
    all.products.push_back(all.next);
    ++all.open;
    if (!configuration().late_products) carry_out(all.next);
  });
}

}  // namespace emulator
