// Stacks between which one OS thread switches.
#pragma once
#include <cstddef>

namespace tenon {
namespace cuda {
namespace emulation {

/** Code on a stack of its own. One fiber runs at a time, on the thread that has entered it. */
class Fiber {
 public:
  /** `body` never returns; at its end it leaves and is not entered again. */
  explicit Fiber(void (*body)());
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /** Runs the fiber until it leaves; `ordered` after all that has run, in the eyes of ThreadSanitizer. */
  void enter(bool ordered);
  /** On the fiber: goes back to where it was entered. */
  void leave();

 private:
  static void start();
  char* memory_;
  void (*body_)();
  void* context_ = nullptr;
  void* fake_stack_ = nullptr;  // AddressSanitizer's
  void* tsan_ = nullptr;        // ThreadSanitizer's idea of this fiber
  bool ordered_ = true;
};

/** Tells ThreadSanitizer of the fibers that are gone; before, it does not use their numbers again. */
void forget_fibers();

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
