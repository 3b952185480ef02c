// Kernels with one fault each, and the report that the emulator has to give.
#include "emulator/self_test/cases.h"
#include "emulator/self_test/fixture.h"

namespace emulator::self_test {
namespace {

constexpr unsigned kAll = 0xffffffffu;

// `memory`: 64 floats that are written, then 64 that are not.
using Kernel = void (*)(float*);

__global__ void divergent_barriers(float*) {
  if (threadIdx.x < 32)
    __syncthreads();
  else
    __syncthreads();
}
__global__ void barrier_after_exit(float*) {
  if (threadIdx.x == 5) return;
  __syncthreads();
}
__global__ void exit_before_barrier(float*) {
  if (threadIdx.x == 63) return;
  __syncthreads();
}
__global__ void caller_outside_mask(float* x) { x[threadIdx.x] = __shfl_xor_sync(0x0000ffffu, 1.0f, 1); }
__global__ void returned_lane_in_mask(float* x) {
  if (threadIdx.x % 32 == 0) return;
  x[threadIdx.x] = __shfl_xor_sync(kAll, 1.0f, 1);
}
__global__ void source_outside_mask(float* x) {
  if (threadIdx.x < 16) x[threadIdx.x] = __shfl_sync(0x0000ffffu, 1.0f, 20);
}
__global__ void lanes_disagree(float* x) {
  if (threadIdx.x % 2 == 0)
    x[threadIdx.x] = __shfl_xor_sync(kAll, 1.0f, 2);
  else
    __syncwarp();
}
__global__ void shared_read_out_of_bounds(float* x) {
  ALEXNET_SHARED(float, values, [64]);
  values[threadIdx.x] = 1;
  __syncthreads();
  x[threadIdx.x] = values[threadIdx.x + 1];
}
__global__ void shared_write_out_of_bounds(float*) {
  ALEXNET_SHARED(float, values, [63]);
  values[threadIdx.x] = 1;
}
__global__ void dynamic_shared_out_of_bounds(float*) {
  ALEXNET_DYNAMIC_SHARED(bytes);
  reinterpret_cast<float*>(bytes)[threadIdx.x * 8] = 1;
}
__global__ void unwritten_shared(float* x) {
  ALEXNET_SHARED(float, values, [64]);
  if (threadIdx.x != 40) values[threadIdx.x] = 1;
  __syncthreads();
  x[threadIdx.x] = values[threadIdx.x];
}
__global__ void unwritten_global(float* x) { x[threadIdx.x] = x[threadIdx.x + 64]; }
__global__ void shared_read_race(float* x) {
  ALEXNET_SHARED(float, values, [64]);
  values[threadIdx.x] = 1;
  __syncthreads();
  values[threadIdx.x] = 2;
  x[threadIdx.x] = values[63 - threadIdx.x];
}
__global__ void shared_write_race(float*) {
  ALEXNET_SHARED(float, values, [64]);
  values[threadIdx.x / 2] = 1;
}
__global__ void shared_write_after_read_race(float* x) {
  ALEXNET_SHARED(float, values, [64]);
  values[threadIdx.x] = 1;
  __syncthreads();
  x[threadIdx.x] = values[(threadIdx.x + 32) % 64];
  values[threadIdx.x] = 2;
}
__global__ void missing_warp_barrier(float* x) {
  ALEXNET_SHARED(float, values, [64]);
  values[threadIdx.x] = 1;
  __syncwarp();
  x[threadIdx.x] = values[threadIdx.x ^ 1];
  values[threadIdx.x] = 2;
}
__global__ void global_race_in_block(float* x) {
  const float value = x[(threadIdx.x + 1) % 64];
  x[threadIdx.x] = value;
}
__global__ void global_race_of_blocks(float* x) { x[threadIdx.x] = static_cast<float>(blockIdx.x); }
__global__ void read_of_other_block(float* x) {
  if (blockIdx.x == 0)
    x[threadIdx.x] = 1;
  else
    x[64 + threadIdx.x] = x[threadIdx.x];
}
__global__ void atomic_and_plain(float* x) {
  atomicAdd(&x[0], 1.0f);
  x[1 + threadIdx.x] = x[0];
}
__global__ void global_out_of_bounds(float* x) { x[threadIdx.x + 65] = 1; }
__global__ void deadlock_of_warp_and_barrier(float* x) {
  if (threadIdx.x == 0 || threadIdx.x >= 32)
    __syncthreads();
  else
    x[threadIdx.x] = __shfl_xor_sync(kAll, 1.0f, 1);
}
__global__ void misaligned_access(float* x) {
  if (threadIdx.x == 0) *reinterpret_cast<uint64_t*>(x + 1) = 1;
}
__global__ void trapped(float*) { __trap(); }
__global__ void too_much_shared(float*) {
  ALEXNET_SHARED(float, values, [13 * 1024]);
  values[threadIdx.x] = 1;
}

__global__ void copy_without_wait(float* x) {
  ALEXNET_SHARED(float4, values, [64]);
  emulator::cp_async(&values[threadIdx.x], x + threadIdx.x % 16 * 4, 16, 16);
  emulator::cp_async_commit();
  __syncthreads();
  x[threadIdx.x] = values[threadIdx.x].x;
}
__global__ void copy_without_barrier(float* x) {
  ALEXNET_SHARED(float4, values, [64]);
  emulator::cp_async(&values[threadIdx.x], x + threadIdx.x % 16 * 4, 16, 16);
  emulator::cp_async_commit();
  emulator::cp_async_wait(0);
  const float value = values[threadIdx.x ^ 1].x;
  __syncthreads();
  x[threadIdx.x] = value;
}
__global__ void copy_over_what_is_read(float* x) {
  ALEXNET_SHARED(float4, values, [64]);
  values[threadIdx.x] = make_float4(1, 1, 1, 1);
  __syncthreads();
  const float value = values[threadIdx.x ^ 1].x;
  emulator::cp_async(&values[threadIdx.x], x + threadIdx.x % 16 * 4, 16, 16);
  emulator::cp_async_commit();
  emulator::cp_async_wait(0);
  __syncthreads();
  x[threadIdx.x] = value;
}
__global__ void copy_misaligned(float* x) {
  ALEXNET_SHARED(float4, values, [64]);
  emulator::cp_async(&values[threadIdx.x], x + 1, 16, 16);
}
__global__ void copy_to_global(float* x) { emulator::cp_async(x + 64, x, 16, 16); }
__global__ void matrix_misaligned(float* x) {
  ALEXNET_SHARED(float, values, [1024]);
  for (unsigned i = threadIdx.x; i < 1024; i += blockDim.x) values[i] = 1;
  __syncthreads();
  uint32_t r[4];
  emulator::ldmatrix(r, &values[threadIdx.x % 32 * 4 + 1], 4, false);
  x[threadIdx.x] = __uint_as_float(r[0]);
}
__global__ void multiply_kernel(float* x) {
  float d[4] = {};
  const uint32_t a[4] = {}, b[2] = {};
  emulator::mma_m16n8k16_bf16(d, a, b);
  x[threadIdx.x] = d[0];
}

struct Fault {
  Kernel kernel;
  cudaError_t error;
  const char* text;
  const char* settings = "";
  int blocks = 1;
  size_t dynamic_bytes = 0;
};

std::string find(const Fault& fault) {
  for (const char* order : {"forward", "reverse", "random"}) {
    begin(std::string(fault.settings) + ",order=" + order);
    float* memory = nullptr;
    require(cudaMalloc(reinterpret_cast<void**>(&memory), 128 * 4), "cudaMalloc");
    require(cudaMemset(memory, 0, 64 * 4), "cudaMemset");
    require(
        launch(fault.kernel, static_cast<unsigned>(fault.blocks), 64, fault.dynamic_bytes, nullptr, memory),
        "launch");
    const cudaError_t found = cudaDeviceSynchronize();
    expect_error(found, fault.error, fault.text);
    // The error is sticky: all later calls fail with it.
    expect_error(cudaMalloc(reinterpret_cast<void**>(&memory), 16), fault.error, fault.text);
  }
  begin();
  return "";
}

}  // namespace

#define FAULT(kernel, ...)                                        \
  {                                                               \
    "fault: " #kernel, [] { return find({kernel, __VA_ARGS__}); } \
  }

std::vector<Case> faulty_kernel_cases() {
  return {
      FAULT(barrier_after_exit, cudaErrorLaunchFailure, "return"),
      FAULT(source_outside_mask, cudaErrorLaunchFailure, "reads lane 20"),
      FAULT(shared_write_race, cudaErrorLaunchFailure, "race: writes over what was written"),
      FAULT(missing_warp_barrier, cudaErrorLaunchFailure, "race"),
      FAULT(global_race_of_blocks, cudaErrorLaunchFailure, " of 2", "", 2),
      FAULT(global_out_of_bounds, cudaErrorIllegalAddress, "from the beginning of an allocation of 512"),
      FAULT(too_much_shared, cudaErrorLaunchFailure, "53248 bytes of shared arrays"),
      FAULT(divergent_barriers, cudaErrorLaunchFailure, "divergent barriers"),
      FAULT(exit_before_barrier, cudaErrorLaunchFailure, "return"),
      FAULT(caller_outside_mask, cudaErrorLaunchFailure, "without its caller"),
      FAULT(returned_lane_in_mask, cudaErrorLaunchFailure, "returne"),
      FAULT(lanes_disagree, cudaErrorLaunchFailure, "divergent warp"),
      FAULT(shared_read_out_of_bounds, cudaErrorIllegalAddress, "reads shared memory out of bounds"),
      FAULT(shared_write_out_of_bounds, cudaErrorIllegalAddress, "writes shared memory out of bounds"),
      FAULT(dynamic_shared_out_of_bounds, cudaErrorIllegalAddress, "writes shared memory out of bounds", "",
            1, 256),
      FAULT(unwritten_shared, cudaErrorLaunchFailure, "reads shared memory that nothing has been written to"),
      FAULT(unwritten_global, cudaErrorLaunchFailure, "reads global memory that nothing has been written to"),
      FAULT(shared_read_race, cudaErrorLaunchFailure, "race"),
      FAULT(shared_write_after_read_race, cudaErrorLaunchFailure, "race"),
      FAULT(global_race_in_block, cudaErrorLaunchFailure, "race"),
      FAULT(read_of_other_block, cudaErrorLaunchFailure, "race", "", 2),
      FAULT(atomic_and_plain, cudaErrorLaunchFailure, "race"),
      FAULT(deadlock_of_warp_and_barrier, cudaErrorLaunchTimeout,
            "deadlock: 33 threads wait at a barrier, 31 in a warp"),
      FAULT(misaligned_access, cudaErrorMisalignedAddress, "8 bytes"),
      FAULT(trapped, cudaErrorLaunchFailure, "__trap"),
      FAULT(copy_without_wait, cudaErrorLaunchFailure, "copy is under way"),
      FAULT(copy_without_barrier, cudaErrorLaunchFailure, "shared"),
      FAULT(copy_over_what_is_read, cudaErrorLaunchFailure, "shared"),
      FAULT(copy_misaligned, cudaErrorMisalignedAddress, "cp.async"),
      FAULT(copy_to_global, cudaErrorInvalidAddressSpace, "cp.async"),
      FAULT(matrix_misaligned, cudaErrorMisalignedAddress, "ldmatrix"),
      FAULT(multiply_kernel, cudaErrorIllegalInstruction, "7.5", "capability=7.5"),
  };
}

#undef FAULT

}  // namespace emulator::self_test
