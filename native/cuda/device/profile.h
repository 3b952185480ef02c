// When each command of a run began and ended on its card, from events on the stream that carried it out.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "core/run_options.h"
#include "cuda/device/handles.h"

namespace alexnet::cuda {

class Profile {
 public:
  // The instant that the times of `device` count from; the devices' begin together.
  void begin(size_t device, cudaStream_t stream) { stamp(begun_[device], stream); }
  // On the card that is current, which is the stream's.
  void mark(size_t device, size_t command, cudaStream_t stream, bool before) {
    auto& [first, last] = commands_[{device, command}];
    stamp(before ? first : last, stream);
  }
  // When the run is done.
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
