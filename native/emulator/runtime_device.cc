// The runtime's functions for errors, versions and GPUs (cards).
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "emulator/configuration.h"
#include "emulator/machine.h"
#include "emulator/runtime_api.h"

using emulator::configuration;
using emulator::finish;
using emulator::machine;

namespace {

constexpr size_t kKilobyte = 1024;

bool is_card(int device) { return device >= 0 && device < configuration().devices; }

// By compute capability: the most shared memory that a block may request, and the shared memory of a
// multiprocessor.
struct Architecture {
  size_t shared_optin, shared_multiprocessor;
  int threads_multiprocessor, blocks_multiprocessor, bus_width, l2_megabytes;
};

Architecture architecture() {
  switch (configuration().capability) {
    case 75:
      return {64 * kKilobyte, 64 * kKilobyte, 1024, 16, 256, 4};
    case 80:
      return {163 * kKilobyte, 164 * kKilobyte, 2048, 32, 5120, 40};
    case 86:
    case 89:
    case 120:
      return {99 * kKilobyte, 100 * kKilobyte, 1536, 24, 384, 72};
    default:
      return {227 * kKilobyte, 228 * kKilobyte, 2048, 32, 6144, 60};
  }
}

// A sticky error takes precedence over errors in the call's arguments.
emulator::Failure check_card(int device) {
  const emulator::Failure state = machine().state_of_driver();
  if (state.error != cudaSuccess) return state;
  return is_card(device) ? emulator::Failure{} : emulator::Failure{cudaErrorInvalidDevice, "", -1};
}

}  // namespace

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define EMULATOR_NAME(name, number, text) \
  case name:                              \
    return #name;
    EMULATOR_ERRORS(EMULATOR_NAME)
#undef EMULATOR_NAME
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
#define EMULATOR_TEXT(name, number, text) \
  case name:                              \
    return text;
    EMULATOR_ERRORS(EMULATOR_TEXT)
#undef EMULATOR_TEXT
  }
  return "unrecognized error code";
}

// A card's sticky error stays.
cudaError_t cudaGetLastError() {
  const cudaError_t last = emulator::take_last_error(true);
  if (last != cudaSuccess) return last;
  auto lock = machine().lock();
  return machine().card(emulator::current_card()).sticky.error;
}

cudaError_t cudaPeekAtLastError() {
  const cudaError_t last = emulator::take_last_error(false);
  if (last != cudaSuccess) return last;
  auto lock = machine().lock();
  return machine().card(emulator::current_card()).sticky.error;
}

cudaError_t cudaDriverGetVersion(int* version) {
  auto lock = machine().lock();
  *version = configuration().driver;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  auto lock = machine().lock();
  *count = 0;
  const emulator::Failure state = machine().state_of_driver();
  if (state.error == cudaSuccess) *count = configuration().devices;
  return finish(state);
}

cudaError_t cudaSetDevice(int device) {
  auto lock = machine().lock();
  const emulator::Failure state = check_card(device);
  if (state.error != cudaSuccess) return finish(state);
  emulator::set_current_card(device);
  return finish(machine().card(device).sticky);
}

cudaError_t cudaGetDevice(int* device) {
  auto lock = machine().lock();
  *device = emulator::current_card();
  return finish(machine().state_of_driver());
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  auto lock = machine().lock();
  const emulator::Failure state = check_card(device);
  if (state.error != cudaSuccess) return finish(state);
  const auto& settings = configuration();
  const Architecture has = architecture();
  cudaDeviceProp p{};
  std::snprintf(p.name, sizeof p.name, "Emulated card %d", device);
  p.totalGlobalMem = settings.memory;
  p.sharedMemPerBlock = 48 * kKilobyte;
  p.regsPerBlock = 65536;
  p.warpSize = 32;
  p.maxThreadsPerBlock = 1024;
  p.maxThreadsDim[0] = p.maxThreadsDim[1] = 1024;
  p.maxThreadsDim[2] = 64;
  p.maxGridSize[0] = 2147483647;
  p.maxGridSize[1] = p.maxGridSize[2] = 65535;
  p.totalConstMem = 64 * kKilobyte;
  p.major = settings.capability / 10;
  p.minor = settings.capability % 10;
  p.multiProcessorCount = settings.multiprocessors;
  p.canMapHostMemory = 1;
  p.concurrentKernels = 1;
  p.ECCEnabled = 1;
  p.pciBusID = 0x10 + device;
  p.asyncEngineCount = 3;
  p.unifiedAddressing = 1;
  p.memoryBusWidth = has.bus_width;
  p.l2CacheSize = has.l2_megabytes << 20;
  p.persistingL2CacheMaxSize = p.l2CacheSize / 2;
  p.maxThreadsPerMultiProcessor = has.threads_multiprocessor;
  p.streamPrioritiesSupported = 1;
  p.sharedMemPerMultiprocessor = has.shared_multiprocessor;
  p.regsPerMultiprocessor = 65536;
  p.managedMemory = 0;
  p.cooperativeLaunch = 0;
  p.sharedMemPerBlockOptin = has.shared_optin;
  p.maxBlocksPerMultiProcessor = has.blocks_multiprocessor;
  p.reservedSharedMemPerBlock = settings.capability >= 80 ? kKilobyte : 0;
  p.hostRegisterSupported = 1;
  p.clusterLaunch = 0;
  *properties = p;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp p{};
  if (const cudaError_t error = cudaGetDeviceProperties(&p, device); error != cudaSuccess) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      return *value = p.maxThreadsPerBlock, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return *value = static_cast<int>(p.sharedMemPerBlock), cudaSuccess;
    case cudaDevAttrWarpSize:
      return *value = p.warpSize, cudaSuccess;
    case cudaDevAttrMaxRegistersPerBlock:
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      return *value = p.regsPerBlock, cudaSuccess;
    case cudaDevAttrClockRate:
      return *value = 1980000, cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      return *value = p.multiProcessorCount, cudaSuccess;
    case cudaDevAttrIntegrated:
      return *value = p.integrated, cudaSuccess;
    case cudaDevAttrConcurrentKernels:
      return *value = p.concurrentKernels, cudaSuccess;
    case cudaDevAttrEccEnabled:
      return *value = p.ECCEnabled, cudaSuccess;
    case cudaDevAttrPciBusId:
      return *value = p.pciBusID, cudaSuccess;
    case cudaDevAttrPciDeviceId:
      return *value = p.pciDeviceID, cudaSuccess;
    case cudaDevAttrPciDomainId:
      return *value = p.pciDomainID, cudaSuccess;
    case cudaDevAttrMemoryClockRate:
      return *value = 2619000, cudaSuccess;
    case cudaDevAttrGlobalMemoryBusWidth:
      return *value = p.memoryBusWidth, cudaSuccess;
    case cudaDevAttrL2CacheSize:
      return *value = p.l2CacheSize, cudaSuccess;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      return *value = p.maxThreadsPerMultiProcessor, cudaSuccess;
    case cudaDevAttrAsyncEngineCount:
      return *value = p.asyncEngineCount, cudaSuccess;
    case cudaDevAttrUnifiedAddressing:
      return *value = p.unifiedAddressing, cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      return *value = p.major, cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      return *value = p.minor, cudaSuccess;
    case cudaDevAttrStreamPrioritiesSupported:
      return *value = p.streamPrioritiesSupported, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      return *value = static_cast<int>(p.sharedMemPerMultiprocessor), cudaSuccess;
    case cudaDevAttrPageableMemoryAccess:
      return *value = p.pageableMemoryAccess, cudaSuccess;
    case cudaDevAttrCooperativeLaunch:
      return *value = p.cooperativeLaunch, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return *value = static_cast<int>(p.sharedMemPerBlockOptin), cudaSuccess;
    case cudaDevAttrHostRegisterSupported:
      return *value = p.hostRegisterSupported, cudaSuccess;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      return *value = p.maxBlocksPerMultiProcessor, cudaSuccess;
    case cudaDevAttrReservedSharedMemoryPerBlock:
      return *value = static_cast<int>(p.reservedSharedMemPerBlock), cudaSuccess;
    case cudaDevAttrMemoryPoolsSupported:
      return *value = p.memoryPoolsSupported, cudaSuccess;
    case cudaDevAttrClusterLaunch:
      return *value = p.clusterLaunch, cudaSuccess;
  }
  return finish(cudaErrorInvalidValue, "the emulator does not know this attribute");
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int bytes, int device) {
  cudaDeviceProp p{};
  if (const cudaError_t error = cudaGetDeviceProperties(&p, device); error != cudaSuccess) return error;
  if (bytes < 13) return finish(cudaErrorInvalidValue);
  std::snprintf(text, static_cast<size_t>(bytes), "%04X:%02X:%02X.0", static_cast<unsigned>(p.pciDomainID),
                static_cast<unsigned>(p.pciBusID), static_cast<unsigned>(p.pciDeviceID));
  return cudaSuccess;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  auto lock = machine().lock();
  const emulator::Failure state = machine().state_of_current_card();
  if (state.error != cudaSuccess) return finish(state);
  *total = configuration().memory;
  *free = *total - emulator::used_on_card(emulator::current_card());
  return cudaSuccess;
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  auto lock = machine().lock();
  for (const int one : {device, peer})
    if (const emulator::Failure state = check_card(one); state.error != cudaSuccess) return finish(state);
  *can = device != peer && configuration().peer != emulator::Peer::kDenied;
  return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned flags) {
  auto lock = machine().lock();
  if (const emulator::Failure state = machine().state_of_current_card(); state.error != cudaSuccess)
    return finish(state);
  const int card = emulator::current_card();
  if (!is_card(peer) || peer == card) return finish(cudaErrorInvalidDevice);
  if (flags != 0) return finish(cudaErrorInvalidValue);
  if (configuration().peer == emulator::Peer::kDenied) return finish(cudaErrorPeerAccessUnsupported);
  uint32_t& peers = machine().card(card).peers;
  if (peers >> peer & 1u) return finish(cudaErrorPeerAccessAlreadyEnabled);
  peers |= 1u << peer;
  return cudaSuccess;
}

cudaError_t cudaDeviceDisablePeerAccess(int peer) {
  auto lock = machine().lock();
  if (const emulator::Failure state = machine().state_of_current_card(); state.error != cudaSuccess)
    return finish(state);
  if (!is_card(peer)) return finish(cudaErrorInvalidDevice);
  uint32_t& peers = machine().card(emulator::current_card()).peers;
  if (!(peers >> peer & 1u)) return finish(cudaErrorPeerAccessNotEnabled);
  peers &= ~(1u << peer);
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  auto lock = machine().lock();
  for (const emulator::Failure& state : {machine().state_of_current_card(), emulator::forbidden_by_capture()})
    if (state.error != cudaSuccess) return finish(state);
  const int card = emulator::current_card();
  return emulator::wait_until(lock, card, [card] { return machine().is_idle(card); });
}

// Ends the current card's context: its memory is freed and its sticky error cleared.
cudaError_t cudaDeviceReset() {
  auto lock = machine().lock();
  if (const emulator::Failure state = machine().state_of_driver(); state.error != cudaSuccess)
    return finish(state);
  const int card = emulator::current_card();
  machine().carry_out_until(lock, [card] { return machine().is_idle(card); });
  machine().card(card).sticky = {};
  machine().card(card).peers = 0;
  emulator::free_card(card);
  emulator::take_last_error(true);
  return cudaSuccess;
}
