// GPUs (cards): missing drivers, access between cards, injected failures.
#include "emulator/self_test/cases.h"
#include "emulator/self_test/fixture.h"

namespace emulator::self_test {
namespace {

__global__ void copy_kernel(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }

std::string drivers() {
  int number = -1;
  begin("driver=missing");
  require(cudaDriverGetVersion(&number), "cudaDriverGetVersion");
  require(number == 0, "a driver that is missing has a version");
  expect_error(cudaGetDeviceCount(&number), cudaErrorInsufficientDriver);
  void* memory = nullptr;
  expect_error(cudaMalloc(&memory, 16), cudaErrorInsufficientDriver);
  begin("driver=12080");
  require(cudaDriverGetVersion(&number), "cudaDriverGetVersion");
  require(number == 12080, "another version");
  expect_error(cudaGetDeviceCount(&number), cudaErrorInsufficientDriver);
  begin("devices=0");
  expect_error(cudaGetDeviceCount(&number), cudaErrorNoDevice);
  begin("devices=3");
  require(cudaGetDeviceCount(&number), "cudaGetDeviceCount");
  require(number == 3, "another number of cards");
  expect_error(cudaSetDevice(3), cudaErrorInvalidDevice);
  return "";
}

std::string properties() {
  struct Expected {
    const char* settings;
    int major, minor;
    size_t shared_optin;
  };
  for (const Expected& expected :
       {Expected{"capability=7.5", 7, 5, 65536}, Expected{"capability=8.0", 8, 0, 166912},
        Expected{"capability=9.0", 9, 0, 232448}}) {
    begin(expected.settings);
    cudaDeviceProp p{};
    require(cudaGetDeviceProperties(&p, 1), "cudaGetDeviceProperties");
    require(p.major == expected.major && p.minor == expected.minor &&
                p.sharedMemPerBlockOptin == expected.shared_optin,
            std::string("other properties with ") + expected.settings);
    int value = 0;
    require(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 1),
            "cudaDeviceGetAttribute");
    require(static_cast<size_t>(value) == expected.shared_optin, "another attribute");
    char bus[16];
    require(cudaDeviceGetPCIBusId(bus, sizeof bus, 1), "cudaDeviceGetPCIBusId");
    require(std::string(bus) == "0000:11:00.0", "another bus");
  }
  return "";
}

struct TwoCards {
  float *x = nullptr, *y = nullptr;  // x is on the first card, y on the second
  TwoCards() {
    require(cudaMalloc(reinterpret_cast<void**>(&x), 4096), "cudaMalloc");
    require(cudaMemset(x, 0, 4096), "cudaMemset");
    require(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    require(cudaSetDevice(1), "cudaSetDevice");
    require(cudaMalloc(reinterpret_cast<void**>(&y), 4096), "cudaMalloc");
    require(cudaSetDevice(0), "cudaSetDevice");
  }
  cudaError_t copy() const {
    require(cudaMemcpyPeerAsync(y, 1, x, 0, 4096, nullptr), "cudaMemcpyPeerAsync");
    return cudaDeviceSynchronize();
  }
  bool arrived() const {
    std::vector<float> values(1024);
    require(cudaMemcpy(values.data(), y, 4096, cudaMemcpyDeviceToHost), "cudaMemcpy");
    for (const float value : values)
      if (value != 0) return false;
    return true;
  }
};

std::string peers() {
  int can = -1;
  begin("peer=0");
  require(cudaDeviceCanAccessPeer(&can, 0, 1), "cudaDeviceCanAccessPeer");
  require(can == 0, "access is possible");
  expect_error(cudaDeviceEnablePeerAccess(1, 0), cudaErrorPeerAccessUnsupported);
  {
    const TwoCards cards;  // without peer access CUDA still copies, through the host
    require(cards.copy(), "copy");
    require(cards.arrived(), "the copy is wrong");
  }
  begin("peer=1");
  {
    const TwoCards cards;
    require(cudaDeviceCanAccessPeer(&can, 0, 1), "cudaDeviceCanAccessPeer");
    require(can == 1, "access is not possible");
    require(cards.copy(), "copy");
    require(cudaSetDevice(1), "cudaSetDevice");
    require(cudaDeviceEnablePeerAccess(0, 0), "cudaDeviceEnablePeerAccess");
    expect_error(cudaDeviceEnablePeerAccess(0, 0), cudaErrorPeerAccessAlreadyEnabled);
    require(launch(copy_kernel, 1, 32, 0, nullptr, cards.x, cards.y), "launch");
    require(cudaDeviceSynchronize(), "a kernel that reads another card's memory");
    require(cudaDeviceDisablePeerAccess(0), "cudaDeviceDisablePeerAccess");
    require(launch(copy_kernel, 1, 32, 0, nullptr, cards.x, cards.y), "launch");
    expect_error(cudaDeviceSynchronize(), cudaErrorIllegalAddress, "no access");
  }
  return "";
}

std::string peers_that_deceive() {
  begin("peer=corrupt");
  {
    const TwoCards cards;
    require(cudaDeviceEnablePeerAccess(1, 0), "cudaDeviceEnablePeerAccess");
    require(cards.copy(), "copy");
    require(!cards.arrived(), "the copy is right");
  }
  begin("peer=hang");
  const TwoCards cards;
  require(cudaDeviceEnablePeerAccess(1, 0), "cudaDeviceEnablePeerAccess");
  expect_error(cards.copy(), cudaErrorLaunchTimeout, "never return");
  expect_error(cudaStreamQuery(nullptr), cudaErrorNotReady);
  begin();
  return "";
}

std::string injected_failures() {
  begin("fail_allocation=2");
  void* memory = nullptr;
  require(cudaMalloc(&memory, 16), "cudaMalloc");
  expect_error(cudaMalloc(&memory, 16), cudaErrorMemoryAllocation, "injected");
  require(cudaMalloc(&memory, 16), "cudaMalloc");
  const CardArray<float> x(std::vector<float>(32, 1)), y(32);
  require(inject("fail_launch=1").empty(), "inject");
  expect_error(launch(copy_kernel, 1, 32, 0, nullptr, x.get(), y.get()), cudaErrorLaunchOutOfResources,
               "injected");
  require(cudaGetLastError(), "an error that is told twice");
  require(inject("fault_launch=2").empty(), "inject");
  for (int i = 0; i < 3; ++i) require(launch(copy_kernel, 1, 32, 0, nullptr, x.get(), y.get()), "launch");
  expect_error(cudaDeviceSynchronize(), cudaErrorIllegalAddress, "injected");
  expect_error(cudaGetLastError(), cudaErrorIllegalAddress);
  expect_error(cudaMemcpy(&memory, x.get(), 4, cudaMemcpyDeviceToHost), cudaErrorIllegalAddress);
  require(cudaSetDevice(1), "the other card");
  require(cudaMalloc(&memory, 16), "cudaMalloc on the other card");
  require(!inject("nonsense=1").empty() && !configure("devices=many").empty(), "nonsense is accepted");
  begin();
  return "";
}

std::string launch_limits() {
  begin();
  const CardArray<float> x(std::vector<float>(32, 1)), y(32);
  for (const dim3 block : {dim3(0), dim3(1025), dim3(32, 33), dim3(1, 1, 65)})
    expect_error(launch(copy_kernel, 1, block, 0, nullptr, x.get(), y.get()), cudaErrorInvalidConfiguration);
  for (const dim3 grid : {dim3(0), dim3(1, 65536), dim3(1, 1, 65536)})
    expect_error(launch(copy_kernel, grid, 32, 0, nullptr, x.get(), y.get()), cudaErrorInvalidConfiguration);
  expect_error(launch(copy_kernel, 1, 32, 49153, nullptr, x.get(), y.get()), cudaErrorInvalidValue, "49153");
  expect_error(cudaFuncSetAttribute(copy_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 232449),
               cudaErrorInvalidValue);
  int blocks = 0;
  require(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, copy_kernel, 256, 100 * 1024), "occupancy");
  require(blocks == 2, "another occupancy");
  return "";
}

}  // namespace

std::vector<Case> card_cases() {
  return {
      {"cards: drivers", drivers},
      {"cards: properties", properties},
      {"cards: peers", peers},
      {"cards: peers that deceive", peers_that_deceive},
      {"cards: injected failures", injected_failures},
      {"cards: limits of launches", launch_limits},
  };
}

}  // namespace emulator::self_test
