#include "cuda/device/card.h"

#include "core/error.h"
#include "cuda/device/status.h"

namespace alexnet::cuda {
namespace {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

struct Availability {
  std::string problem;
  int driver = 0, runtime = 0, count = 0;
};

// The runtime calls a missing driver "insufficient", so the driver's version is checked first.
std::string problem_of(const Availability& found, cudaError_t status) {
  if (found.driver == 0) return "no NVIDIA driver was found";
  if (found.driver < found.runtime)
    return "the NVIDIA driver is for CUDA " + version_text(found.driver) + "; this build needs " +
           version_text(found.runtime) + " or newer";
  if (status == cudaErrorNoDevice || (status == cudaSuccess && found.count == 0))
    return "the NVIDIA driver finds no card";
  return status == cudaSuccess ? "" : "the NVIDIA driver says: " + text_of(status);
}

Availability look_for_cards() {
  Availability found;
  cudaRuntimeGetVersion(&found.runtime);
  cudaDriverGetVersion(&found.driver);
  const cudaError_t status = cudaGetDeviceCount(&found.count);
  cudaGetLastError();  // clears the error: it is reported in `problem`, and the next call must not see it
  found.problem = problem_of(found, status);
  return found;
}

CardReport report_card(int index, int count) {
  CardReport report{};
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, index), "reading a card's properties");
  report.name = properties.name;
  report.memory = properties.totalGlobalMem;
  report.compute_capability = properties.major * 10 + properties.minor;
  report.multiprocessors = properties.multiProcessorCount;
  check(cudaSetDevice(index), "choosing a card");
  size_t total = 0;
  check(cudaMemGetInfo(&report.free, &total), "reading a card's free memory");
  for (int other = 0; other < count; ++other) {
    int reachable = 0;
    if (other != index) check(cudaDeviceCanAccessPeer(&reachable, index, other), "asking for peer access");
    report.peers.push_back(reachable != 0);
  }
  return report;
}

}  // namespace

CardsReport report_cards() {
  const Availability found = look_for_cards();
  CardsReport report{found.problem, found.driver, found.runtime, {}};
  if (!report.problem.empty()) return report;
  try {
    for (int index = 0; index < found.count; ++index) report.cards.push_back(report_card(index, found.count));
  } catch (const Error& error) {
    report.problem = error.what();
    report.cards.clear();
  }
  return report;
}

Card card_at(int index) {
  const Availability found = look_for_cards();
  const std::string name = "cuda:" + std::to_string(index);
  if (!found.problem.empty()) throw Error("DEVICE", name + " is not to be had: " + found.problem);
  if (index < 0 || index >= found.count)
    throw Error("DEVICE",
                name + " is not there: this machine has " +
                    (found.count == 1 ? "one card; 'cuda:0,cuda:0' puts both halves of a network on it"
                                      : std::to_string(found.count) +
                                            " cards, cuda:0 to cuda:" + std::to_string(found.count - 1)));
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, index), "reading a card's properties");
  return {index, properties.multiProcessorCount, properties.major * 10 + properties.minor,
          properties.sharedMemPerBlockOptin};
}

}  // namespace alexnet::cuda
