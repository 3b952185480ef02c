// A program: validated command lists, one per device, that meet only at transfers and waits. Immutable;
// compiled once, run once per training step.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/device.h"
#include "core/replay.h"
#include "core/validate.h"

namespace alexnet {

class Program {
 public:
  // Throws Error("BAD_PROGRAM") naming the command, or Error("CLOSED").
  Program(std::vector<std::shared_ptr<Device>> devices, Lists lists);

  size_t size() const { return devices_.size(); }
  Device& device(size_t index) const { return *devices_[index]; }
  const std::vector<Command>& list(size_t device) const { return lists_[device]; }
  // Indices of a device's transfers in its list, in order.
  const std::vector<size_t>& transfers(size_t device) const { return transfers_[device]; }
  // Events are numbered from 0 in a compiled program.
  size_t events() const { return events_; }
  // How many learning rates a step has to bring.
  size_t learning_rates() const { return learning_rates_; }
  // Carries the program out where its devices queue whole runs; null where they are host backends.
  Replay* replay() const { return replay_.get(); }
  // Throws where a device has been closed, or its arena changed, since the program was compiled.
  void check_devices() const;

 private:
  void number_events();
  void count_learning_rates();
  void make_replay();

  std::vector<std::shared_ptr<Device>> devices_;
  Lists lists_;
  std::vector<size_t> arena_bytes_;
  std::vector<std::vector<size_t>> transfers_;
  size_t events_ = 0, learning_rates_ = 0;
  std::unique_ptr<Replay> replay_;  // last: it reads the rest
};

}  // namespace alexnet
