// mma.sync and ldmatrix. The last lane to arrive computes them for its whole warp.
#include <bit>
#include <cstring>

#include "emulator/block.h"
#include "emulator/checker.h"
#include "emulator/warp.h"

namespace emulator {
namespace {

constexpr uint32_t kAllLanes = 0xffffffffu;
constexpr int kRows = 16, kColumns = 8;

struct MultiplyRequest {
  float* d;
  const uint32_t *a, *b;
};

const MultiplyRequest& multiply_request(void* const* requests, int lane) {
  return *static_cast<const MultiplyRequest*>(requests[lane]);
}

// Of an accumulator, lane l holds rows l / 4 and l / 4 + 8, columns 2 * (l % 4) and the next.
template <class Take>
void for_accumulators(Take&& take) {
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) take(lane, i, lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2);
}

template <int kDepth>
void multiply(void* const* requests, const float (&a)[kRows][kDepth], const float (&b)[kDepth][kColumns]) {
  float d[kRows][kColumns];
  for_accumulators(
      [&](int lane, int i, int row, int column) { d[row][column] = multiply_request(requests, lane).d[i]; });
  for (int row = 0; row < kRows; ++row)
    for (int k = 0; k < kDepth; ++k)
      for (int column = 0; column < kColumns; ++column) d[row][column] += a[row][k] * b[k][column];
  for_accumulators(
      [&](int lane, int i, int row, int column) { multiply_request(requests, lane).d[i] = d[row][column]; });
}

float low_half(uint32_t pair) { return std::bit_cast<float>(pair << 16); }
float high_half(uint32_t pair) { return std::bit_cast<float>(pair & 0xffff0000u); }

void complete_bf16(void* const* requests, uint32_t) {
  float a[kRows][16], b[16][kColumns];
  for (int lane = 0; lane < 32; ++lane) {
    const MultiplyRequest& request = multiply_request(requests, lane);
    const int group = lane / 4, pair = lane % 4 * 2;
    for (int i = 0; i < 4; ++i) {
      const int row = group + i % 2 * 8, k = pair + i / 2 * 8;
      a[row][k] = low_half(request.a[i]);
      a[row][k + 1] = high_half(request.a[i]);
    }
    for (int i = 0; i < 2; ++i) {
      b[pair + i * 8][group] = low_half(request.b[i]);
      b[pair + i * 8 + 1][group] = high_half(request.b[i]);
    }
  }
  multiply<16>(requests, a, b);
}

float tf32(uint32_t bits) { return std::bit_cast<float>(bits & 0xffffe000u); }

void complete_tf32(void* const* requests, uint32_t) {
  float a[kRows][8], b[8][kColumns];
  for (int lane = 0; lane < 32; ++lane) {
    const MultiplyRequest& request = multiply_request(requests, lane);
    const int group = lane / 4, k = lane % 4;
    for (int i = 0; i < 4; ++i) a[group + i % 2 * 8][k + i / 2 * 4] = tf32(request.a[i]);
    for (int i = 0; i < 2; ++i) b[k + i * 4][group] = tf32(request.b[i]);
  }
  multiply<8>(requests, a, b);
}

struct LoadRequest {
  const void* row;
  uint32_t* r;
  int matrices;
  bool transposed;
};

void complete_load(void* const* requests, uint32_t) {
  const LoadRequest& first = *static_cast<const LoadRequest*>(requests[0]);
  for (int matrix = 0; matrix < first.matrices; ++matrix) {
    uint16_t numbers[8][8];
    for (int row = 0; row < 8; ++row)
      std::memcpy(numbers[row], static_cast<const LoadRequest*>(requests[matrix * 8 + row])->row, 16);
    for (int lane = 0; lane < 32; ++lane) {
      const LoadRequest& request = *static_cast<const LoadRequest*>(requests[lane]);
      if (request.matrices != first.matrices || request.transposed != first.transposed)
        fail(cudaErrorLaunchFailure, "ldmatrix: lanes of a warp disagree about its form");
      const int group = lane / 4, pair = lane % 4 * 2;
      const uint32_t low = first.transposed ? numbers[pair][group] : numbers[group][pair];
      const uint32_t high = first.transposed ? numbers[pair + 1][group] : numbers[group][pair + 1];
      request.r[matrix] = low | high << 16;
    }
  }
}

void require_capability(int least, const char* instruction) {
  const int has = current_thread->block->launch.capability;
  if (has < least)
    fail(cudaErrorIllegalInstruction, "%s on a card of compute capability %d.%d", instruction, has / 10,
         has % 10);
}

}  // namespace

void mma_m16n8k16_bf16(float* d, const uint32_t* a, const uint32_t* b) {
  require_capability(80, "mma.sync of bfloat16");
  MultiplyRequest request{d, a, b};
  collective(Operation::kMultiplyBf16, kAllLanes, &request, complete_bf16);
}

void mma_m16n8k8_tf32(float* d, const uint32_t* a, const uint32_t* b) {
  require_capability(80, "mma.sync of tf32");
  MultiplyRequest request{d, a, b};
  collective(Operation::kMultiplyTf32, kAllLanes, &request, complete_tf32);
}

void ldmatrix(uint32_t* r, const void* row, int matrices, bool transposed) {
  require_capability(75, "ldmatrix");
  const Thread& me = *current_thread;
  if (me.lane < matrices * 8) {
    if (!in_arena(*me.block, row))
      fail(cudaErrorInvalidAddressSpace, "ldmatrix from memory that is not shared");
    if (reinterpret_cast<uintptr_t>(row) % 16 != 0)
      fail(cudaErrorMisalignedAddress, "ldmatrix from an address that is no multiple of 16");
    check_access(row, 16, Access::kRead, __builtin_return_address(0));
  }
  LoadRequest request{row, r, matrices, transposed};
  collective(Operation::kLoadMatrices, kAllLanes, &request, complete_load);
}

}  // namespace emulator
