// When each command of a run began and ended on its GPU, measured by events on the stream that executed it.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "core/run_options.h"
#include "cuda/device/handles.h"

namespace alexnet::cuda {

class Profile {
 public:
  // Records the origin of the times of `device`; all devices begin together.
  void begin(size_t device, cudaStream_t stream) { stamp(begun_[device], stream); }
  // The stream's card has to be current.
  void mark(size_t device, size_t command, cudaStream_t stream, bool before) {
    auto& [first, last] = commands_[{device, command}];
    stamp(before ? first : last, stream);
  }
  // Call this when the run is done.
  std::vector<Span> spans() const {
    std::vector<Span> spans;
    for (const auto& [place, events] : commands_) {
      const Event& start = begun_.at(place.first);
      spans.push_back(
          {place.first, place.second, milliseconds(start, events.first), milliseconds(start, events.second)});
    }
    return spans;
  }

 private:
  static void stamp(Event& event, cudaStream_t stream) {
    event = make_event(true);
    record(event, stream);
  }
  static double milliseconds(const Event& from, const Event& to) {
    float time = 0;
    check(cudaEventElapsedTime(&time, from.get(), to.get()), "reading the time between events");
    return time;
  }

  std::map<size_t, Event> begun_;
  std::map<std::pair<size_t, size_t>, std::pair<Event, Event>> commands_;
};

}  // namespace alexnet::cuda
