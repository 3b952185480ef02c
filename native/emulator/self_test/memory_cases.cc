// The runtime's functions for memory of GPUs (cards) and of the host.
#include <cmath>
#include <cstring>

#include "emulator/self_test/cases.h"
#include "emulator/self_test/fixture.h"

namespace emulator::self_test {
namespace {

void* allocate(size_t bytes) {
  void* memory = nullptr;
  require(cudaMalloc(&memory, bytes), "cudaMalloc");
  return memory;
}

std::string memory_is_accounted() {
  begin("memory=1048576");
  size_t before = 0, after = 0, total = 0;
  require(cudaMemGetInfo(&before, &total), "cudaMemGetInfo");
  require(before == total && total == 1048576, "the card is not empty");
  void* const first = allocate(600000);
  void* second = nullptr;
  expect_error(cudaMalloc(&second, 600000), cudaErrorMemoryAllocation);
  require(second == nullptr, "a failed cudaMalloc gives an address");
  require(cudaSetDevice(1), "cudaSetDevice");
  void* const other = allocate(600000);  // each card has its own memory
  require(cudaFree(first), "cudaFree");
  require(cudaSetDevice(0), "cudaSetDevice");
  require(cudaMemGetInfo(&after, &total), "cudaMemGetInfo");
  require(after == total, "freed memory is not free");
  require(cudaFree(allocate(1000000)), "cudaFree");
  require(cudaFree(other), "cudaFree");
  expect_error(cudaFree(other), cudaErrorInvalidValue);
  return "";
}

std::string fresh_memory_is_not_a_number() {
  begin();
  void* const memory = allocate(64);
  float values[16] = {};
  require(cudaMemcpy(values, memory, 64, cudaMemcpyDeviceToHost), "cudaMemcpy");
  for (const float value : values) require(std::isnan(value), "fresh memory holds numbers");
  return "";
}

std::string copies_are_checked() {
  begin();
  void* const memory = allocate(64);
  char host[128] = {};
  expect_error(cudaMemcpy(memory, host, 128, cudaMemcpyHostToDevice), cudaErrorInvalidValue,
               "beyond its allocation");
  expect_error(cudaMemcpy(host, memory, 64, cudaMemcpyHostToDevice), cudaErrorInvalidValue, "direction");
  expect_error(cudaMemset(memory, 0, 65), cudaErrorInvalidValue, "beyond its allocation");
  require(cudaMemcpy(memory, host, 64, cudaMemcpyDefault), "cudaMemcpy");
  require(cudaFree(memory), "cudaFree");
  expect_error(cudaMemcpy(memory, host, 64, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  return "";
}

std::string kinds_of_pointers() {
  begin();
  require(cudaSetDevice(1), "cudaSetDevice");
  void* const of_card = allocate(64);
  void* pinned = nullptr;
  require(cudaHostAlloc(&pinned, 64, cudaHostAllocPortable), "cudaHostAlloc");
  int pageable = 0;
  cudaPointerAttributes attributes{};
  require(cudaPointerGetAttributes(&attributes, static_cast<char*>(of_card) + 8), "cudaPointerGetAttributes");
  require(attributes.type == cudaMemoryTypeDevice && attributes.device == 1, "a card's memory is not");
  require(cudaPointerGetAttributes(&attributes, static_cast<char*>(pinned) + 8), "cudaPointerGetAttributes");
  require(attributes.type == cudaMemoryTypeHost, "pinned memory is not");
  require(cudaPointerGetAttributes(&attributes, &pageable), "cudaPointerGetAttributes");
  require(attributes.type == cudaMemoryTypeUnregistered, "pageable memory is something else");
  static char registered[4096];
  require(cudaHostRegister(registered, sizeof registered, cudaHostRegisterDefault), "cudaHostRegister");
  require(cudaPointerGetAttributes(&attributes, registered), "cudaPointerGetAttributes");
  require(attributes.type == cudaMemoryTypeHost, "registered memory is not");
  require(cudaHostUnregister(registered), "cudaHostUnregister");
  expect_error(cudaHostUnregister(registered), cudaErrorHostMemoryNotRegistered);
  require(cudaFreeHost(pinned), "cudaFreeHost");
  return "";
}

std::string pinned_memory_outlives_its_copies() {
  begin();
  const CardArray<char> x(4096);
  static char registered[4096];
  require(cudaHostRegister(registered, sizeof registered, cudaHostRegisterPortable), "cudaHostRegister");
  require(cudaMemcpyAsync(x.get(), registered, sizeof registered, cudaMemcpyHostToDevice, nullptr),
          "cudaMemcpyAsync");
  require(cudaHostUnregister(registered), "cudaHostUnregister");
  expect_error(cudaDeviceSynchronize(), cudaErrorIllegalAddress, "was unpinned before it was carried out");
  return "";
}

std::string rectangles() {
  begin();
  const CardArray<unsigned char> x(64);
  std::vector<unsigned char> host(64);
  for (size_t i = 0; i < 64; ++i) host[i] = static_cast<unsigned char>(i);
  require(cudaMemset(x.get(), 0xee, 64), "cudaMemset");
  require(cudaMemcpy2DAsync(x.get() + 1, 16, host.data(), 8, 5, 4, cudaMemcpyHostToDevice, nullptr),
          "cudaMemcpy2DAsync");
  const std::vector<unsigned char> got = x.read();
  for (size_t row = 0; row < 4; ++row)
    for (size_t column = 0; column < 16; ++column) {
      const bool inside = column >= 1 && column < 6;
      require(got[row * 16 + column] == (inside ? row * 8 + column - 1 : 0xee), "another rectangle");
    }
  return "";
}

}  // namespace

std::vector<Case> memory_cases() {
  return {
      {"memory: is accounted for each card", memory_is_accounted},
      {"memory: fresh is not a number", fresh_memory_is_not_a_number},
      {"memory: copies are checked", copies_are_checked},
      {"memory: kinds of pointers", kinds_of_pointers},
      {"memory: pinned memory outlives its copies", pinned_memory_outlives_its_copies},
      {"memory: rectangles", rectangles},
  };
}

}  // namespace emulator::self_test
