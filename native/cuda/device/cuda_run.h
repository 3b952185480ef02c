// One run of a program, queued on GPUs.
#pragma once

#include "cuda/device/replay.h"

namespace alexnet::cuda {

class CudaRun final : public QueuedRun {
 public:
  CudaRun(CudaReplay& replay, CudaReplay::Slots slots, const RunOptions& options,
          std::unique_ptr<Profile> profile)
      : replay_(replay), slots_(std::move(slots)), options_(options), profile_(std::move(profile)) {}
  ~CudaRun() override;

  Slot& slot(size_t device) { return *slots_[device]; }

  void wait() override;
  std::vector<Span> spans() const override;

 private:
  void check_faults(size_t device) const;

  CudaReplay& replay_;
  CudaReplay::Slots slots_;
  const RunOptions& options_;
  std::unique_ptr<Profile> profile_;
  bool waited_ = false;
};

}  // namespace alexnet::cuda
