// Compiled without -fsanitize=thread, as all code that runs partly on one fiber and partly on another.
#include "cuda/emulation/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "cuda/emulation/sanitizers.h"

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace tenon {
namespace cuda {
namespace emulation {
namespace {

constexpr size_t kStackBytes = 256 << 10, kGuardBytes = 64 << 10;

Fiber* entered = nullptr;

// The stack from which fibers are entered.
void* host_context = nullptr;
#if defined(TENON_ADDRESS_SANITIZER)
const void* host_stack = nullptr;
size_t host_bytes = 0;
void* host_fake_stack = nullptr;
#endif
#if defined(TENON_THREAD_SANITIZER)
void* host_tsan = nullptr;
constexpr unsigned kUnordered = 1;    // __tsan_switch_to_fiber_no_sync
constexpr int kMostForgotten = 4096;  // ThreadSanitizer has room for 8128 threads at a time
void* forgotten[kMostForgotten];
int forgotten_count = 0;
#endif

}  // namespace

#if defined(__x86_64__)
// Saves what a function has to keep for its caller, and goes on where the other stack did the same.
extern "C" void tenon_switch_stack(void** save, void* to);
asm(R"(
.text
.type tenon_switch_stack, @function
.globl tenon_switch_stack
.hidden tenon_switch_stack
tenon_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size tenon_switch_stack, .-tenon_switch_stack
)");

static void switch_stack(void*& save, void*& to) { tenon_switch_stack(&save, to); }
static void* new_context(char* stack, void (*start)()) {
  // The tops are spread over the sets of the L1 cache, or all fibers would compete for a few of them.
  static unsigned colour = 0;
  void** top = reinterpret_cast<void**>(stack + kStackBytes - 64 - (colour++ * 7 % 64) * 128);
  *--top = nullptr;  // where start() would return to
  *--top = reinterpret_cast<void*>(start);
  return top - 6;  // the registers, all of them 0
}
static void free_context(void*) {}
#else
static void switch_stack(void*& save, void*& to) {
  if (save == nullptr) save = new ucontext_t;
  swapcontext(static_cast<ucontext_t*>(save), static_cast<ucontext_t*>(to));
}
static void* new_context(char* stack, void (*start)()) {
  auto* context = new ucontext_t;
  getcontext(context);
  context->uc_stack.ss_sp = stack;
  context->uc_stack.ss_size = kStackBytes;
  context->uc_link = nullptr;
  makecontext(context, start, 0);
  return context;
}
static void free_context(void* context) { delete static_cast<ucontext_t*>(context); }
#endif

Fiber::Fiber(void (*body)()) : body_(body) {
  void* memory =
      mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<char*>(memory);
  mprotect(memory_, kGuardBytes, PROT_NONE);
  context_ = new_context(memory_ + kGuardBytes, &Fiber::start);
#if defined(TENON_THREAD_SANITIZER)
  tsan_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(TENON_THREAD_SANITIZER)
  if (forgotten_count == kMostForgotten) forget_fibers();
  forgotten[forgotten_count++] = tsan_;
#endif
  permit(memory_ + kGuardBytes, kStackBytes);  // what frames have left
  free_context(context_);
  munmap(memory_, kGuardBytes + kStackBytes);
}

void forget_fibers() {
#if defined(TENON_THREAD_SANITIZER)
  while (forgotten_count > 0) __tsan_destroy_fiber(forgotten[--forgotten_count]);
#endif
}

void Fiber::start() {
#if defined(TENON_ADDRESS_SANITIZER)
  __sanitizer_finish_switch_fiber(nullptr, &host_stack, &host_bytes);
#endif
  entered->body_();
}

void Fiber::enter(bool ordered) {
  ordered_ = ordered;
  entered = this;
#if defined(TENON_ADDRESS_SANITIZER)
  __sanitizer_start_switch_fiber(&host_fake_stack, memory_ + kGuardBytes, kStackBytes);
#endif
#if defined(TENON_THREAD_SANITIZER)
  host_tsan = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_, ordered ? 0 : kUnordered);
#endif
  switch_stack(host_context, context_);
#if defined(TENON_ADDRESS_SANITIZER)
  __sanitizer_finish_switch_fiber(host_fake_stack, nullptr, nullptr);
#endif
}

void Fiber::leave() {
#if defined(TENON_ADDRESS_SANITIZER)
  __sanitizer_start_switch_fiber(&fake_stack_, host_stack, host_bytes);
#endif
#if defined(TENON_THREAD_SANITIZER)
  __tsan_switch_to_fiber(host_tsan, ordered_ ? 0 : kUnordered);
#endif
  switch_stack(context_, host_context);
#if defined(TENON_ADDRESS_SANITIZER)
  // The next thread to enter may be another, with another stack.
  __sanitizer_finish_switch_fiber(fake_stack_, &host_stack, &host_bytes);
#endif
}

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
