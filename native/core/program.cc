#include "core/program.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/error.h"

namespace alexnet {

Program::Program(std::vector<std::shared_ptr<Device>> devices, Lists lists)
    : devices_(std::move(devices)), lists_(std::move(lists)) {
  if (devices_.empty()) throw Error("BAD_PROGRAM", "a program has no devices; expected at least one");
  if (lists_.size() != devices_.size())
    throw Error("BAD_PROGRAM", "a program has " + std::to_string(lists_.size()) + " lists for " +
                                   std::to_string(devices_.size()) + " devices; expected one each");
  for (size_t i = 0; i < devices_.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (devices_[i] == devices_[j])
        throw Error("BAD_PROGRAM", "device " + std::to_string(i) + " is device " + std::to_string(j) +
                                       " again; expected a device for each list");
  std::vector<const Backend*> backends;
  for (const auto& device : devices_) {
    backends.push_back(&device->backend());
    arena_bytes_.push_back(device->backend().arena_bytes());
  }
  validate(lists_, backends);
  number_events();
  for (const auto& list : lists_)
    for (const Command& command : list)
      if (const auto* op = std::get_if<ComputeOp>(&command.op)) {
        const auto used = [this](int64_t rate) {
          learning_rates_ = std::max(learning_rates_, static_cast<size_t>(rate) + 1);
        };
        if (const auto* update = std::get_if<ConvolutionUpdate>(op)) used(update->rate);
        if (const auto* sgd = std::get_if<Sgd>(op))
          for (const Sgd::Segment& segment : sgd->segments) used(segment.rate);
      }
  make_replay();
}

void Program::make_replay() {
  const auto queues = [](const Device& device) {
    return dynamic_cast<const HostBackend*>(&device.backend()) == nullptr;
  };
  for (const auto& device : devices_)
    if (queues(*device) != queues(*devices_[0]))
      throw Error("BAD_PROGRAM", "a program's devices are all cards or none of them is");
  replay_ = devices_[0]->backend().make_replay(*this);
}

// A run keeps its events in an array, so they are renumbered by their transfers' order.
void Program::number_events() {
  std::map<int64_t, int64_t> numbers;
  transfers_.resize(lists_.size());
  for (size_t device = 0; device < lists_.size(); ++device)
    for (size_t index = 0; index < lists_[device].size(); ++index)
      if (auto* transfer = std::get_if<Transfer>(&lists_[device][index].op)) {
        transfers_[device].push_back(index);
        transfer->event = numbers[transfer->event] = static_cast<int64_t>(events_++);
      }
  for (auto& list : lists_)
    for (Command& command : list)
      if (auto* wait = std::get_if<Wait>(&command.op)) wait->event = numbers.at(wait->event);
}

void Program::check_devices() const {
  for (size_t i = 0; i < devices_.size(); ++i) {
    const size_t bytes = devices_[i]->backend().arena_bytes();
    if (bytes < arena_bytes_[i])
      throw Error("BAD_PROGRAM", "device " + std::to_string(i) + "'s arena has " + std::to_string(bytes) +
                                     " bytes now; the program was compiled for " +
                                     std::to_string(arena_bytes_[i]) + "; compile it again");
  }
}

}  // namespace alexnet
