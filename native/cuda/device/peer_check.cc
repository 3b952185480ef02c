#include "cuda/device/peer_check.h"

#include <chrono>
#include <thread>
#include <vector>

#include "cuda/device/card.h"
#include "cuda/device/transfer.h"

namespace alexnet::cuda {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kBytes = size_t{8} << 20;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

bool finished_in_time(cudaStream_t stream, Clock::time_point start, double patience_ms) {
  for (;;) {
    const cudaError_t status = cudaStreamQuery(stream);
    if (status == cudaSuccess) return true;
    if (status != cudaErrorNotReady) check(status, "copying between cards");
    cudaGetLastError();
    if (milliseconds_since(start) > patience_ms) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

// What went wrong; empty if the pattern arrived.
std::string copy_and_compare(int from, int to, Clock::time_point start, double patience_ms) {
  std::vector<uint32_t> pattern(kBytes / sizeof(uint32_t)), arrived(pattern.size());
  for (size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<uint32_t>(i * 2654435761u + 12345u);
  const std::string way = "cuda:" + std::to_string(from) + " to cuda:" + std::to_string(to);
  use_card(to);
  DeviceMemory target = allocate_device(kBytes);
  check(cudaMemset(target.get(), 0, kBytes), "clearing memory");
  check(cudaDeviceSynchronize(), "clearing memory");
  use_card(from);
  DeviceMemory source = allocate_device(kBytes);
  const Stream stream = make_stream();
  check(cudaMemcpy(source.get(), pattern.data(), kBytes, cudaMemcpyHostToDevice), "copying to a card");
  check(cudaDeviceSynchronize(), "copying to a card");
  check(cudaMemcpyPeerAsync(target.get(), to, source.get(), from, kBytes, stream.get()),
        "copying between cards");
  if (!finished_in_time(stream.get(), start, patience_ms)) {
    // Freeing anything now would wait for the copy, too.
    target.release(), source.release();
    return "a copy from " + way + " does not finish";
  }
  use_card(to);
  check(cudaMemcpy(arrived.data(), target.get(), kBytes, cudaMemcpyDeviceToHost), "copying from a card");
  return arrived == pattern ? "" : "a copy from " + way + " arrives changed";
}

}  // namespace

PeerReport check_peers(int one, int other, double patience_ms) {
  card_at(one), card_at(other);
  PeerReport report;
  report.granted = enable_peer_access(one, other);
  if (!report.granted) return report;
  const Clock::time_point start = Clock::now();
  report.problem = copy_and_compare(one, other, start, patience_ms);
  if (report.problem.empty()) report.problem = copy_and_compare(other, one, start, patience_ms);
  report.works = report.problem.empty();
  report.milliseconds = milliseconds_since(start);
  return report;
}

}  // namespace alexnet::cuda
