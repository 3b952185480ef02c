// The execution of one thread block at a time: its threads as fibers, its barrier, its shared memory.
//
// A thread runs until it has to wait, and then switches directly to the next runnable thread, in an order
// that the configuration chooses. If none is runnable, that is a deadlock. An error ends the block at once:
// waiting fibers are abandoned without unwinding, since kernels own no resources.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "emulator/async_copy.h"
#include "emulator/fiber.h"
#include "emulator/language.h"
#include "emulator/runtime_types.h"
#include "emulator/warp.h"

#pragma GCC visibility push(hidden)

namespace emulator {

inline constexpr int kMaxThreads = 1024;

struct Block;
struct AsyncUnits;

// A collective operation of a warp, in which some lanes of its mask are waiting.
struct Gathering {
  Operation operation;
  uint32_t mask, arrived;
};

struct Warp {
  uint32_t live;                      // lanes that exist and have not returned
  uint32_t epoch;                     // counts synchronise_warp: accesses on either side are ordered
  std::vector<Gathering> gatherings;  // of disjoint masks
  void* requests[32];                 // each waiting lane's request
};

// Waits for all lanes of the mask; the last one to come calls `complete` for all.
using Complete = void (*)(void* const* requests, uint32_t mask);
void collective(Operation operation, uint32_t mask, void* request, Complete complete);

struct Thread {
  enum class State : uint8_t { kFresh, kRunnable, kAtBarrier, kInWarp, kReturned };
  State state;
  int number, lane, position;  // position: in the order in which threads take turns
  uint3 index;
  Warp* warp;
  Block* block;
  char* stack;
  void* stack_pointer;
  CopyQueue copies;
};

struct SharedArray {
  const Site* site;
  size_t offset, bytes;
};

// The parameters of a launch, shared by all of its blocks.
struct Launch {
  const void* kernel = nullptr;
  void (*call)(void*) = nullptr;
  void* arguments = nullptr;  // of the call
  dim3 grid, block;
  size_t dynamic_bytes = 0, optin_bytes = 0;
  int capability = 90;
  uint32_t reachable = 1;  // bit mask of the cards whose memory the kernel may use
};

struct Failure {
  cudaError_t error = cudaSuccess;
  std::string text;
  int card = -1;  // the card that failed; -1: the card of the stream
};

struct Block {
  Block();
  // Runs one block of the launch; what went wrong is in `failure`.
  void run(const Launch& launch, uint3 index);

  // Suspends the current thread until make_runnable is called for it.
  void wait();
  // Lets other threads run; the current thread stays runnable and will test its condition again.
  void poll();
  void make_runnable(Thread& thread);
  void release_barrier();
  // Some thread made progress, so the conditions of polling threads may have changed.
  void progress() { idle = 0; }
  [[noreturn]] void abandon();

  Launch launch;
  uint3 index{};
  int count = 0;     // threads
  int returned = 0;  // of them
  int waiting = 0;   // at the barrier
  const Site* barrier = nullptr;
  int barrier_votes = 0, barrier_result = 0;
  int idle = 0;

  char* arena;      // shared memory, with gaps around arrays
  size_t used = 0;  // bytes of it
  size_t peak = 0;  // the most that a block has used
  std::vector<SharedArray> arrays;
  std::shared_ptr<AsyncUnits> async_units;  // null until a kernel uses them
  // Delivers one piece of their late work, when no thread is runnable; returns false if there is none.
  bool (*deliver_late)() = nullptr;
  // Finishes their work for a thread that returns.
  void (*thread_returns)() = nullptr;

  Failure failure;
  uint32_t random = 1;

 private:
  friend void run_fiber();
  Thread* next_runnable(int after);
  Thread* finish_thread();
  void resume(Thread& next, void** save);
  void set_order();
  [[noreturn]] void report_deadlock();

  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  std::vector<Thread*> order_;           // by position
  uint64_t runnable_[kMaxThreads / 64];  // by position
  void* caller_ = nullptr;
  char* leaving_ = nullptr;  // the stack of the fiber that ended the block
};

// The kernel's thread that this host thread is executing; null outside kernels.
extern thread_local Thread* current_thread __attribute__((tls_model("initial-exec")));

// Ends the kernel with this error. `format` is as for printf; the report adds the kernel and the thread.
[[noreturn]] void fail(cudaError_t error, const char* format, ...) __attribute__((format(printf, 2, 3)));

inline constexpr size_t kArenaBytes = 512 * 1024, kArenaGap = 1024;
inline bool in_arena(const Block& block, const void* address) {
  return static_cast<size_t>(static_cast<const char*>(address) - block.arena) < kArenaBytes;
}

}  // namespace emulator

#pragma GCC visibility pop
