#include "emulator/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#if defined(__x86_64__)
asm(R"(.text
.globl emulator_switch_fiber
.hidden emulator_switch_fiber
.type emulator_switch_fiber,@function
emulator_switch_fiber:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emulator_switch_fiber,.-emulator_switch_fiber
)");
static constexpr int kSavedWords = 6, kReturnWord = 6, kFrameWords = 8;
#elif defined(__aarch64__)
asm(R"(.text
.globl emulator_switch_fiber
.hidden emulator_switch_fiber
.type emulator_switch_fiber,%function
emulator_switch_fiber:
  stp x19, x20, [sp, #-160]!
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  ldp x19, x20, [sp], #160
  ret
.size emulator_switch_fiber,.-emulator_switch_fiber
)");
static constexpr int kSavedWords = 20, kReturnWord = 11, kFrameWords = 20;
#else
#error "The emulator's fibers need a switch for this processor."
#endif

namespace emulator {
namespace {

constexpr size_t kGuardBytes = 16 * 1024;  // whole pages on every system
// Padding between stacks, so that they are an odd number of pages apart: otherwise they would share few cache
// sets.
constexpr size_t kPageBytes = 4096, kStepBytes = kGuardBytes + kStackBytes + kPageBytes;

// Only the host thread that executes a kernel takes and gives stacks, and only one does at a time.
std::vector<char*>& spare_stacks() {
  static auto* const stacks = new std::vector<char*>;
  return *stacks;
}

}  // namespace

char* take_stack() {
  std::vector<char*>& spare = spare_stacks();
  if (!spare.empty()) {
    char* stack = spare.back();
    spare.pop_back();
    return stack;
  }
  void* memory =
      mmap(nullptr, kStepBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mprotect(memory, kGuardBytes, PROT_NONE);
  return static_cast<char*>(memory) + kGuardBytes;
}

void give_stack(char* stack) { spare_stacks().push_back(stack); }

void* prepare_stack(char* stack, void (*entry)()) {
  static_assert(kSavedWords <= kFrameWords);
  // The entry finds the stack as after a call: the return address offsets it from a multiple of 16 bytes.
  // Stacks begin at different offsets in their pages, to spread over the cache sets.
  const size_t line = reinterpret_cast<uintptr_t>(stack) / kPageBytes % 61;
  void** frame = reinterpret_cast<void**>(stack + kStackBytes - line * 64) - kFrameWords;
  std::memset(frame, 0, kFrameWords * sizeof(void*));
  frame[kReturnWord] = reinterpret_cast<void*>(entry);
  return frame;
}

}  // namespace emulator
