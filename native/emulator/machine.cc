#include "emulator/machine.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "emulator/configuration.h"
#include "emulator/report.h"
#include "emulator/runtime_api.h"

namespace emulator {
namespace {

// Allocated on the heap, because an addon's thread-local memory is scarce.
struct HostThread {
  int card = 0;
  cudaError_t last_error = cudaSuccess;
  std::string report;
};

HostThread& host_thread() {
  static thread_local std::unique_ptr<HostThread> state;
  if (!state) state = std::make_unique<HostThread>();
  return *state;
}

double now_in_milliseconds() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Machine::Machine() {
  for (int index = 0; index < kMaxCards; ++index) {
    cards_[index].default_stream.card = index;
    cards_[index].default_stream.is_default = true;
  }
  random_ = configuration().seed;
}

Machine& machine() {
  static auto* const the_machine = new Machine;
  return *the_machine;
}

int current_card() { return host_thread().card; }
void set_current_card(int card) { host_thread().card = card; }

cudaError_t finish(cudaError_t error, const std::string& text) {
  if (error == cudaSuccess) return error;
  HostThread& thread = host_thread();
  thread.last_error = error;
  thread.report = text;
  return error;
}

cudaError_t finish(const Failure& failure) { return finish(failure.error, failure.text); }

cudaError_t take_last_error(bool clear) {
  HostThread& thread = host_thread();
  const cudaError_t error = thread.last_error;
  if (clear) thread.last_error = cudaSuccess;
  return error;
}

void Machine::reset(const std::function<void()>& change) {
  Lock held = lock();
  changed_.wait(held, [this] { return !busy_; });
  ++generation_;
  streams_.clear();
  events_.clear();
  for (int index = 0; index < kMaxCards; ++index) free_card(index);
  forget_kernels();
  change();
  random_ = configuration().seed;
  queued_ = 0;
  for (int index = 0; index < kMaxCards; ++index) {
    cards_[index].sticky = {};
    cards_[index].peers = 0;
    CUstream_st& stream = cards_[index].default_stream;
    stream.queue.clear();
    stream.last = nullptr;
  }
  host_thread() = HostThread{};
}

Failure Machine::state_of_driver() const {
  const Configuration& settings = configuration();
  if (settings.driver < CUDART_VERSION) return {cudaErrorInsufficientDriver, "", -1};
  if (settings.devices == 0) return {cudaErrorNoDevice, "", -1};
  return {};
}

Failure Machine::state_of_current_card() {
  const Failure driver = state_of_driver();
  return driver.error != cudaSuccess ? driver : cards_[current_card()].sticky;
}

CUstream_st* Machine::stream_of(cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy) {
    return &cards_[current_card()].default_stream;
  }
  const auto found = streams_.find(handle);
  return found == streams_.end() || found->second->destroyed_at != 0 ? nullptr : found->second.get();
}

CUstream_st& Machine::add_stream(int card, bool blocking) {
  auto stream = std::make_unique<CUstream_st>();
  stream->card = card;
  stream->blocking = blocking;
  return *(streams_[stream.get()] = std::move(stream));
}

// The stream's queued work is still executed.
void Machine::remove_stream(CUstream_st& stream) {
  stream.destroyed_at = ++queued_;
  if (stream.queue.empty() && !busy_) streams_.erase(&stream);
}

bool Machine::has_event(cudaEvent_t event) const { return events_.count(event) != 0; }

CUevent_st& Machine::add_event(int card, bool timed) {
  auto event = std::make_unique<CUevent_st>();
  event->card = card;
  event->timed = timed;
  return *(events_[event.get()] = std::move(event));
}

void Machine::remove_event(cudaEvent_t event) { events_.erase(event); }

std::vector<CUstream_st*> Machine::streams_of(int card) {
  std::vector<CUstream_st*> found = {&cards_[card].default_stream};
  for (auto& [handle, stream] : streams_)
    if (stream->card == card) found.push_back(stream.get());
  return found;
}

// The default stream waits for all blocking streams of its card, and these wait for it.
CompletionPointer Machine::queue(CUstream_st& stream, Work work) {
  if (stream.is_default || stream.blocking)
    for (CUstream_st* other : streams_of(stream.card))
      if (other != &stream && other->last && (stream.is_default ? other->blocking : other->is_default))
        work.after.push_back(other->last);
  work.number = ++queued_;
  stream.last = work.completion;
  stream.queue.push_back(std::move(work));
  return stream.last;
}

bool Machine::can_run(const CUstream_st& stream) const {
  if (stream.queue.empty() || stream.queue.front().endless) return false;
  const auto& after = stream.queue.front().after;
  return std::all_of(after.begin(), after.end(), [](const CompletionPointer& one) { return one->done; });
}

// Chooses the work queued last; with a seed, any at random.
CUstream_st* Machine::choose() {
  std::vector<CUstream_st*> ready;
  for (int index = 0; index < configuration().devices; ++index)
    for (CUstream_st* stream : streams_of(index))
      if (can_run(*stream)) ready.push_back(stream);
  if (ready.empty()) return nullptr;
  if (configuration().seed != 0) {
    random_ = random_ * 1664525u + 1013904223u;
    // Sorted by queueing order, because the order of addresses differs from run to run.
    std::sort(ready.begin(), ready.end(), [](const CUstream_st* a, const CUstream_st* b) {
      return a->queue.front().number < b->queue.front().number;
    });
    return ready[(random_ >> 8) % ready.size()];
  }
  return *std::max_element(ready.begin(), ready.end(), [](const CUstream_st* a, const CUstream_st* b) {
    return a->queue.front().number < b->queue.front().number;
  });
}

bool Machine::carry_out_one(Lock& lock) {
  CUstream_st* const stream = choose();
  if (stream == nullptr) return false;
  Work& work = stream->queue.front();
  Card& card = cards_[stream->card];
  Failure failure;
  if (work.run && card.sticky.error == cudaSuccess) {
    busy_ = true;
    lock.unlock();
    failure = work.run();
    lock.lock();
    busy_ = false;
    if (failure.error != cudaSuccess) (failure.card < 0 ? card : cards_[failure.card]).sticky = failure;
  }
  work.completion->done = true;
  work.completion->milliseconds = now_in_milliseconds();
  stream->queue.pop_front();
  if (stream->destroyed_at != 0 && stream->queue.empty()) streams_.erase(stream);
  changed_.notify_all();
  return true;
}

bool Machine::carry_out_until(Lock& lock, const std::function<bool()>& done) {
  const uint64_t generation = generation_;
  while (generation == generation_ && !done()) {
    if (busy_)
      changed_.wait(lock);
    else if (!carry_out_one(lock))
      return false;
  }
  return true;
}

void Machine::carry_out_some(Lock& lock) {
  if (!busy_) carry_out_one(lock);
}

bool Machine::is_idle(int card) const {
  if (!cards_[card].default_stream.queue.empty()) return false;
  return std::all_of(streams_.begin(), streams_.end(), [card](const auto& entry) {
    return entry.second->card != card || entry.second->queue.empty();
  });
}

}  // namespace emulator

const char* emulator_report() { return emulator::host_thread().report.c_str(); }
