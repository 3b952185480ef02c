#include "core/program.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/complaints.h"

namespace alexnet {

Program::Program(std::vector<std::shared_ptr<Device>> devices, Lists lists)
    : devices_(std::move(devices)), lists_(std::move(lists)) {
  require(!devices_.empty(), "a program has no devices", "at least one");
  require(lists_.size() == devices_.size(),
          "a program has " + std::to_string(lists_.size()) + " lists for " + std::to_string(devices_.size()) +
              " devices",
          "one each");
  for (size_t i = 0; i < devices_.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      require(devices_[i] != devices_[j],
              "device " + std::to_string(i) + " is device " + std::to_string(j) + " again",
              "a device for each list");
  std::vector<const Backend*> backends;
  for (const auto& device : devices_) {
    backends.push_back(&device->backend());
    arena_bytes_.push_back(device->backend().arena_bytes());
  }
  validate(lists_, backends);
  number_events();
  count_learning_rates();
  make_replay();
}

namespace {

// How many learning rates a step needs for the indices that ops name.
struct LearningRates {
  size_t& count;
  template <class T>
  void value(const char*, const T&) const {}
  void pool_size(const char*, int64_t) const {}
  void learning_rate(const char*, int64_t index) const {
    count = std::max(count, static_cast<size_t>(index) + 1);
  }
};

}  // namespace

void Program::count_learning_rates() {
  for (const auto& list : lists_)
    for (const Command& command : list)
      if (const auto* op = std::get_if<ComputeOp>(&command.op))
        std::visit([this](const auto& o) { o.values(o, LearningRates{learning_rates_}); }, *op);
}

void Program::make_replay() {
  const auto queues = [](const Device& device) {
    return dynamic_cast<const HostBackend*>(&device.backend()) == nullptr;
  };
  for (const auto& device : devices_)
    require(queues(*device) == queues(*devices_[0]), "a program's devices are all cards or none of them is");
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
