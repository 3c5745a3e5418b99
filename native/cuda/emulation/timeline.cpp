#include "cuda/emulation/timeline.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace tenon {
namespace cuda {
namespace emulation {

namespace {

bool eager() {
  static const bool value = [] {
    const char* const text = std::getenv("TENON_EMULATED_CUDA_EAGER");
    return text && *text && std::strcmp(text, "0") != 0;
  }();
  return value;
}

std::string outcome(const Work& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

uint64_t Timeline::add(Work work) {
  waiting_.push_back(std::move(work));
  const uint64_t position = ++added_;
  if (eager()) run_to(position);
  return position;
}

void Timeline::run_to(uint64_t position) {
  if (reached(position)) return;
  const Opened opened(device_.memory);
  while (!reached(position) && !waiting_.empty()) {
    const Work work = std::move(waiting_.front());
    waiting_.pop_front();
    const std::string error = outcome(work);
    done_++;
    if (!error.empty() && device_.failure.empty()) {
      device_.failure = error;
      std::fprintf(stderr, "emulated CUDA device %d: %s\n", device_.index, error.c_str());
    }
  }
}

void Timeline::advance() { run_to(std::min(done_ + 16, added_)); }

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
