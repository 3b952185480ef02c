#include "cuda/device/cuda_run.h"

#include "core/contents.h"
#include "cuda/device/fault.h"

namespace alexnet::cuda {
namespace {

// One fault for each op that has kChecksContents.
std::string fault_text(const SoftmaxCrossEntropy& op, Fault fault) {
  const LabelFault found = decode_label_fault(fault);
  return label_complaint(op, found.image, found.label);
}
std::string fault_text(const Preprocess& op, Fault fault) {
  const CropFault found = decode_crop_fault(fault);
  return crop_complaint(op, found.image, found.left, found.value);
}

std::string text_of_fault(const ComputeOp& op, Fault fault) {
  return std::visit(
      [&]<class Op>(const Op& o) -> std::string {
        if constexpr (Op::kChecksContents)
          return fault_text(o, fault);
        else
          return {};
      },
      op);
}

}  // namespace

// If queueing failed half way, `done` may not have been recorded.
CudaRun::~CudaRun() {
  if (!waited_)
    for (const CudaReplay::Lane& lane : replay_.lanes_) {
      cudaSetDevice(lane.backend->card().index);
      cudaDeviceSynchronize();
    }
  replay_.give_back(std::move(slots_));
}

void CudaRun::wait() {
  waited_ = true;
  for (size_t device = 0; device < slots_.size(); ++device) {
    use_card(replay_.lanes_[device].backend->card().index);
    check(cudaEventSynchronize(slots_[device]->done.get()),
          "running a program (ALEXNET_CUDA_BLOCKING=1 names the command)");
  }
  for (size_t device = 0; device < slots_.size(); ++device) check_faults(device);
  for (size_t device = 0; device < slots_.size(); ++device)
    deliver_reads(*slots_[device], device, options_, replay_.lanes_[device].fault_words * sizeof(Fault));
}

void CudaRun::check_faults(size_t device) const {
  const CudaReplay::Lane& lane = replay_.lanes_[device];
  const auto* faults = reinterpret_cast<const Fault*>(slots_[device]->results.get());
  for (size_t index = 0; index < lane.fault_of.size(); ++index) {
    const size_t word = lane.fault_of[index];
    if (word == lane.fault_words || faults[word] == 0) continue;
    const Command& command = replay_.program_.list(device)[index];
    throw Error("DATA", command_text(command, device, index) + ": " +
                            text_of_fault(std::get<ComputeOp>(command.op), faults[word]));
  }
}

std::vector<Span> CudaRun::spans() const { return profile_ ? profile_->spans() : std::vector<Span>(); }

}  // namespace alexnet::cuda
