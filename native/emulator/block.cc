#include "emulator/block.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "emulator/checker.h"
#include "emulator/configuration.h"
#include "emulator/symbols.h"

namespace emulator {

thread_local Thread* current_thread __attribute__((tls_model("initial-exec"))) = nullptr;

// The first function of every fiber. When a thread returns, a thread that has not begun continues on the same
// stack.
void run_fiber() {
  Block& block = *current_thread->block;
  for (;;) {
    block.launch.call(block.launch.arguments);
    Thread* const me = current_thread;
    Thread* const next = block.finish_thread();
    if (next == nullptr) break;
    if (next->state == Thread::State::kFresh) {
      next->state = Thread::State::kRunnable;
      next->stack = std::exchange(me->stack, nullptr);
      current_thread = next;
      continue;
    }
    // No other fiber takes this stack before the switch has left it.
    give_stack(std::exchange(me->stack, nullptr));
    current_thread = next;
    emulator_switch_fiber(&me->stack_pointer, next->stack_pointer);
  }
  block.abandon();
}

Block::Block()
    : arena(static_cast<char*>(std::aligned_alloc(4096, kArenaBytes))),
      threads_(kMaxThreads),
      warps_(kMaxThreads / 32) {}

void Block::set_order() {
  const ThreadOrder order = configuration().order;
  order_.resize(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i)
    order_[static_cast<size_t>(i)] =
        &threads_[static_cast<size_t>(order == ThreadOrder::kReverse ? count - 1 - i : i)];
  if (order != ThreadOrder::kRandom) return;
  for (int i = count - 1; i > 0; --i) {
    random = random * 1664525u + 1013904223u;
    std::swap(order_[static_cast<size_t>(i)], order_[(random >> 8) % static_cast<uint32_t>(i + 1)]);
  }
}

void Block::run(const Launch& what, uint3 where) {
  launch = what;
  index = where;
  const dim3 size = launch.block;
  count = static_cast<int>(size.x * size.y * size.z);
  returned = waiting = idle = 0;
  barrier = nullptr;
  barrier_votes = 0;
  failure = {};
  used = kArenaGap + launch.dynamic_bytes;
  arrays.clear();
  async_units = nullptr;
  deliver_late = nullptr;
  thread_returns = nullptr;
  begin_block(*this);
  peak = std::max(peak, used);
  if (launch.dynamic_bytes > 0) mark_shared(*this, arena + kArenaGap, launch.dynamic_bytes);

  set_order();
  std::memset(runnable_, 0, sizeof runnable_);
  for (int position = 0; position < count; ++position) {
    Thread& thread = *order_[static_cast<size_t>(position)];
    const int number = static_cast<int>(&thread - threads_.data());
    const auto n = static_cast<unsigned>(number);
    thread.state = Thread::State::kFresh;
    thread.number = number;
    thread.lane = number % 32;
    thread.position = position;
    thread.index = {n % size.x, n / size.x % size.y, n / (size.x * size.y)};
    thread.warp = &warps_[n / 32];
    thread.block = this;
    thread.stack = nullptr;
    thread.copies.clear();
    runnable_[position / 64] |= uint64_t{1} << (position % 64);
  }
  for (int first = 0; first < count; first += 32) {
    Warp& warp = warps_[static_cast<size_t>(first / 32)];
    warp.live = count - first >= 32 ? ~0u : (1u << (count - first)) - 1;
    warp.epoch = 0;
    warp.gatherings.clear();
  }

  resume(*next_runnable(count - 1), &caller_);
  if (leaving_ != nullptr) give_stack(std::exchange(leaving_, nullptr));
  for (int i = 0; i < count; ++i)
    if (char* stack = std::exchange(threads_[static_cast<size_t>(i)].stack, nullptr)) give_stack(stack);
}

// The first runnable thread after position `after`, searching once around; that position itself comes last.
Thread* Block::next_runnable(int after) {
  const int words = (count + 63) / 64;
  const int start = after + 1 < count ? after + 1 : 0;
  int word = start / 64;
  uint64_t bits = runnable_[word] & (~uint64_t{0} << (start % 64));
  for (int looked = 0; looked <= words; ++looked) {
    if (bits != 0) return order_[static_cast<size_t>(word * 64 + __builtin_ctzll(bits))];
    word = word + 1 < words ? word + 1 : 0;
    bits = runnable_[word];
  }
  return nullptr;
}

void Block::resume(Thread& next, void** save) {
  if (next.state == Thread::State::kFresh) {
    next.stack = take_stack();
    next.stack_pointer = prepare_stack(next.stack, run_fiber);
    next.state = Thread::State::kRunnable;
  }
  current_thread = &next;
  emulator_switch_fiber(save, next.stack_pointer);
}

void Block::wait() {
  Thread& me = *current_thread;
  runnable_[me.position / 64] &= ~(uint64_t{1} << (me.position % 64));
  Thread* next = next_runnable(me.position);
  while (next == nullptr && deliver_late != nullptr && deliver_late()) next = next_runnable(me.position);
  if (next == nullptr) report_deadlock();
  if (next != &me) resume(*next, &me.stack_pointer);
}

void Block::poll() {
  Thread& me = *current_thread;
  if (++idle > 2 * count + 64) {
    if (deliver_late == nullptr || !deliver_late()) report_deadlock();
    idle = 0;
  }
  Thread* next = next_runnable(me.position);
  if (next != &me) resume(*next, &me.stack_pointer);
}

void Block::make_runnable(Thread& thread) {
  thread.state = Thread::State::kRunnable;
  runnable_[thread.position / 64] |= uint64_t{1} << (thread.position % 64);
}

// Called when all threads have arrived: the waiting ones and the current one.
void Block::release_barrier() {
  for (int i = 0; i < count; ++i)
    if (threads_[static_cast<size_t>(i)].state == Thread::State::kAtBarrier)
      make_runnable(threads_[static_cast<size_t>(i)]);
}

// The current thread has returned. Gives the thread to run next; null: none is left.
Thread* Block::finish_thread() {
  Thread& me = *current_thread;
  me.copies.complete_before(me.copies.open_group + 1);
  if (thread_returns != nullptr) thread_returns();
  if (waiting > 0)
    fail(cudaErrorLaunchFailure, "returns while %d threads of its block wait at a barrier (%s:%d)", waiting,
         barrier->file, barrier->line);
  for (const Gathering& gathering : me.warp->gatherings)
    if (gathering.mask >> me.lane & 1u)
      fail(cudaErrorLaunchFailure, "returns while other lanes of its warp wait for it (mask %08x)",
           gathering.mask);
  me.state = Thread::State::kReturned;
  me.warp->live &= ~(1u << me.lane);
  runnable_[me.position / 64] &= ~(uint64_t{1} << (me.position % 64));
  ++returned;
  progress();
  if (returned == count) return nullptr;
  Thread* next = next_runnable(me.position);
  while (next == nullptr && deliver_late != nullptr && deliver_late()) next = next_runnable(me.position);
  if (next == nullptr) report_deadlock();
  return next;
}

void Block::abandon() {
  Thread& me = *current_thread;
  leaving_ = std::exchange(me.stack, nullptr);
  current_thread = nullptr;
  emulator_switch_fiber(&me.stack_pointer, caller_);
  __builtin_unreachable();
}

void Block::report_deadlock() {
  int at_barrier = 0, in_warp = 0, polling = 0;
  for (int i = 0; i < count; ++i) {
    const Thread& thread = threads_[static_cast<size_t>(i)];
    at_barrier += thread.state == Thread::State::kAtBarrier;
    in_warp += thread.state == Thread::State::kInWarp;
    polling += thread.state == Thread::State::kRunnable && &thread != current_thread;
  }
  const bool polls = current_thread->state == Thread::State::kRunnable;
  fail(
      cudaErrorLaunchTimeout,
      "deadlock: %d threads wait at a barrier, %d in a warp's operation, %d for what nobody will do, %d have "
      "returned",
      at_barrier, in_warp, polling + (polls ? 1 : 0), returned);
}

void fail(cudaError_t error, const char* format, ...) {
  char what[512], text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  Thread& me = *current_thread;
  Block& block = *me.block;
  const std::string kernel = symbol_name(block.launch.kernel);
  std::snprintf(text, sizeof text, "%s, block (%u,%u,%u), thread (%u,%u,%u): %s", kernel.c_str(),
                block.index.x, block.index.y, block.index.z, me.index.x, me.index.y, me.index.z, what);
  block.failure.error = error;
  block.failure.text = text;
  block.abandon();
}

}  // namespace emulator
