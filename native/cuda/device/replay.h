// Executes a program on GPUs. All its commands are queued from one thread, in an order in which every event
// is recorded before any wait for it. From the second run on, the commands are one CUDA graph, launched with
// one call.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "core/program.h"
#include "cuda/device/launch.h"
#include "cuda/device/profile.h"
#include "cuda/device/slot.h"
#include "cuda/device/transfer.h"

namespace alexnet::cuda {

class CudaReplay final : public Replay {
 public:
  // Throws Error("DEVICE") or Error("OUT_OF_MEMORY").
  explicit CudaReplay(const Program& program);
  ~CudaReplay() override;

  std::unique_ptr<QueuedRun> enqueue(const RunOptions& options) override;

 private:
  friend class CudaRun;
  using Slots = std::vector<std::unique_ptr<Slot>>;  // by device

  // The state of one device.
  struct Lane {
    const CudaBackend* backend;
    DeviceMemory step, faults;
    std::vector<size_t> fault_of;  // by command: the index of its fault word; the count of words if none
    size_t fault_words = 0;
    Event prepared, joined, transfers_joined;
    bool transfers_used = false;
  };

  Lane make_lane(size_t device) const;
  void find_order();
  void queue_commands(Profile* profile) const;
  void queue_command(Place at, Profile* profile) const;
  void run_on_card(const ComputeOp& op, const Command& command, Place at) const;
  void capture();
  void prepare(size_t device, Slot& slot, const RunOptions& options) const;
  void finish(size_t device, Slot& slot, const RunOptions& options) const;
  Slots take_slots();
  void give_back(Slots slots);
  cudaStream_t origin() const { return lanes_[0].backend->compute(); }

  const Program& program_;
  const bool blocking_;
  std::vector<Lane> lanes_;
  std::vector<Place> order_;
  std::vector<std::unique_ptr<TransferCopy>> transfers_;  // by event
  Event begun_, ended_;
  GraphExec graph_;
  bool ran_ = false;
  std::mutex mutex_;
  std::vector<Slots> free_;
};

}  // namespace alexnet::cuda
