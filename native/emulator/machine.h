// The emulated machine: cards, and streams whose work waits until somebody asks for its results.
//
// A call of the runtime queues work and returns. A call that waits carries out work, of any stream and in an
// order of the emulator's choice, until what it waits for is done. One piece of work is carried out at a
// time; meanwhile other threads may queue more.
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

// That a piece of work is done, and when.
struct Completion {
  bool done = false;
  double milliseconds = 0;
};
using CompletionPointer = std::shared_ptr<Completion>;

struct Work {
  std::function<Failure()> run;  // empty: nothing but its place in the order
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
  emulator::CompletionPointer last;  // of its work
  std::shared_ptr<emulator::Capture> capture;
  std::vector<size_t> capture_after;  // nodes that the next one captured on it comes after
  uint64_t destroyed_at = 0;
};

struct CUevent_st {
  int card = 0;
  bool timed = true;
  emulator::CompletionPointer completion;      // of its last record
  std::shared_ptr<emulator::Capture> capture;  // where that was captured
  std::vector<size_t> capture_after;
};

namespace emulator {

struct Card {
  Failure sticky;      // what ended this card's context
  uint32_t peers = 0;  // cards to which access is enabled, by bits
  CUstream_st default_stream;
};

class Machine {
 public:
  using Lock = std::unique_lock<std::mutex>;
  Machine();
  Lock lock() { return Lock(mutex_); }

  // Drops everything; `change` runs in between.
  void reset(const std::function<void()>& change);

  // Error of a call on the current card before it does anything: no driver, no card, or a sticky error.
  Failure state_of_current_card();
  Failure state_of_driver() const;

  CUstream_st* stream_of(cudaStream_t handle);  // null: there is no such stream
  CUstream_st& add_stream(int card, bool blocking);
  bool has_event(cudaEvent_t event) const;
  CUevent_st& add_event(int card, bool timed);
  void remove_event(cudaEvent_t event);
  void remove_stream(CUstream_st& stream);

  // Behind what is queued on the stream, and what the default stream's rules demand.
  CompletionPointer queue(CUstream_st& stream, Work work);

  // Carries out work until `done`; false: nothing can be carried out any more.
  bool carry_out_until(Lock& lock, const std::function<bool()>& done);
  // One piece of work, if there is any that can be.
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

// What kernels were given on the cards of an old machine.
void forget_kernels();

// This thread's card and its last error.
int current_card();
void set_current_card(int card);

// What every call of the runtime returns through: remembers an error, and what the emulator has to say of it.
cudaError_t finish(cudaError_t error, const std::string& text = "");
cudaError_t finish(const Failure& failure);
cudaError_t take_last_error(bool clear);

// Queues the work, or where the stream is being captured makes it a node of the graph. The completion is null
// then.
cudaError_t submit(CUstream_st& stream, Work work, CompletionPointer* completion = nullptr);

// Carries out work until `done`, for a call that waits for the card.
cudaError_t wait_until(Machine::Lock& lock, int card, const std::function<bool()>& done);

// An error where a capture forbids this thread calls that may wait for a card; the capture is lost then.
Failure forbidden_by_capture();

}  // namespace emulator

#pragma GCC visibility pop
