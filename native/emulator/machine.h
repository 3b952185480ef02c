// The emulated machine: GPUs (cards), and streams whose work is executed only when a call waits for it.
//
// A call of the runtime queues work and returns. A call that waits executes work of any stream, in an order
// that the emulator chooses, until its condition holds. One piece of work is executed at a time; meanwhile
// other threads may queue more.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "emulator/block.h"
#include "emulator/card_memory.h"
#include "emulator/runtime_types.h"

#pragma GCC visibility push(hidden)

namespace emulator {

struct Capture;

// Whether a piece of work is done, and when it was.
struct Completion {
  bool done = false;
  double milliseconds = 0;
};
using CompletionPointer = std::shared_ptr<Completion>;

struct Work {
  std::function<Failure()> run;  // empty: the work only has a place in the order
  std::vector<CompletionPointer> after;
  CompletionPointer completion = std::make_shared<Completion>();
  uint64_t number = 0;   // in the order of queueing
  bool endless = false;  // it never finishes
};

}  // namespace emulator

struct CUstream_st {
  int card = 0;
  bool blocking = true;  // takes turns with the default stream
  bool is_default = false;
  std::deque<emulator::Work> queue;
  emulator::CompletionPointer last;  // of the last work queued
  std::shared_ptr<emulator::Capture> capture;
  std::vector<size_t> capture_after;  // nodes that the next one captured on it comes after
  uint64_t destroyed_at = 0;
};

struct CUevent_st {
  int card = 0;
  bool timed = true;
  emulator::CompletionPointer completion;      // of the event's last record
  std::shared_ptr<emulator::Capture> capture;  // the capture that contains that record
  std::vector<size_t> capture_after;
};

namespace emulator {

struct Card {
  Failure sticky;      // the error that ended this card's context
  uint32_t peers = 0;  // bit mask of the cards to which access is enabled
  CUstream_st default_stream;
};

class Machine {
 public:
  using Lock = std::unique_lock<std::mutex>;
  Machine();
  Lock lock() { return Lock(mutex_); }

  // Discards everything, calls `change`, and starts again.
  void reset(const std::function<void()>& change);

  // The error that a call on the current card returns before it does anything: no driver, no card, or a
  // sticky error.
  Failure state_of_current_card();
  Failure state_of_driver() const;

  CUstream_st* stream_of(cudaStream_t handle);  // null: there is no such stream
  CUstream_st& add_stream(int card, bool blocking);
  bool has_event(cudaEvent_t event) const;
  CUevent_st& add_event(int card, bool timed);
  void remove_event(cudaEvent_t event);
  void remove_stream(CUstream_st& stream);

  // Queues work after the stream's earlier work, and after whatever the default stream's rules require.
  CompletionPointer queue(CUstream_st& stream, Work work);

  // Executes work until `done`; returns false if no work can be executed any more.
  bool carry_out_until(Lock& lock, const std::function<bool()>& done);
  // Executes one piece of work, if any can be executed.
  void carry_out_some(Lock& lock);

  Card& card(int index) { return cards_[index]; }
  bool is_idle(int card) const;
  std::vector<CUstream_st*> streams_of(int card);

 private:
  bool carry_out_one(Lock& lock);
  CUstream_st* choose();
  bool can_run(const CUstream_st& stream) const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool busy_ = false;
  uint64_t generation_ = 0;
  uint64_t queued_ = 0;
  uint32_t random_ = 1;
  Card cards_[kMaxCards];
  std::map<cudaStream_t, std::unique_ptr<CUstream_st>> streams_;
  std::map<cudaEvent_t, std::unique_ptr<CUevent_st>> events_;
};

Machine& machine();

// Forgets the attributes that kernels were given on the cards of an old machine.
void forget_kernels();

// This thread's card and its last error.
int current_card();
void set_current_card(int card);

// Every call of the runtime returns through finish(), which stores an error and the emulator's report of it.
cudaError_t finish(cudaError_t error, const std::string& text = "");
cudaError_t finish(const Failure& failure);
cudaError_t take_last_error(bool clear);

// Queues the work; if the stream is being captured, adds it to the graph as a node instead, and the
// completion is null.
cudaError_t submit(CUstream_st& stream, Work work, CompletionPointer* completion = nullptr);

// Executes work until `done`, for a call that waits for the card.
cudaError_t wait_until(Machine::Lock& lock, int card, const std::function<bool()>& done);

// An error if a capture forbids this thread calls that may wait for a card; the capture is then lost.
Failure forbidden_by_capture();

}  // namespace emulator

#pragma GCC visibility pop
