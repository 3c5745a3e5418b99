// Runs launches on the emulated CUDA device instead of the processor, in programs that know where it is
// (TENON_EMULATION) when they are run with TENON_TEST_CUDA=1. Operands are copied to the device and back, so
// that a test need not know.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/recurrent.h"
#include "cuda/device.h"
#include "cuda/system.h"
#include "test/test.h"

namespace test {

using namespace tenon;

inline cuda::Device& device() {
  static const std::unique_ptr<cuda::Device> made = [] {
    setenv("TENON_CUDA_DRIVER", TENON_EMULATION, 0);
    // For a GPU: its driver, and the file of compiled kernels.
    if (const char* const images = std::getenv("TENON_CUDA_IMAGES")) cuda::system(images);
    std::string reason;
    std::unique_ptr<cuda::Device> d = cuda::Device::open(0, reason);
    if (!d) {
      std::printf("no device: %s\n", reason.c_str());
      std::exit(1);
    }
    return d;
  }();
  return *made;
}

/** The bytes that a view covers. */
struct Span {
  char *first, *end;
};
inline Span span_of(const TensorView& v) {
  const int64_t size = element_size(v.dtype);
  char* const data = static_cast<char*>(v.data);
  if (v.numel == 0) return {data, data};
  int64_t low = 0, high = 0;
  for (int i = 0; i < v.rank; i++) {
    const int64_t reach = (v.shape[i] - 1) * v.strides[i];
    (reach < 0 ? low : high) += reach;
  }
  return {data + low * size, data + (high + 1) * size};
}

/** Inputs of no dimensions stand for numbers; sizes of steps are read by the host. */
inline bool on_device(const Launch& l, uint32_t operand) {
  if (static_cast<int>(operand) == steps_operand(l)) return false;
  return operand < l.outputs || l.views[operand].shape;
}

/** Stands for memory of the host that operands share. */
struct Twin {
  Span host;
  ForeignStorage* storage;
};

/** Copies of the operands' memory on the device; overlapping ones share it. */
class Twins {
 public:
  explicit Twins(const Launch& l) {
    std::vector<Span> spans;
    for (uint32_t i = 0; i < l.outputs + l.inputs; i++)
      if (on_device(l, i)) spans.push_back(span_of(l.views[i]));
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.first < b.first; });
    for (const Span& s : spans)
      if (!twins_.empty() && s.first < twins_.back().host.end)
        twins_.back().host.end = std::max(twins_.back().host.end, s.end);
      else
        twins_.push_back({s, nullptr});
    LaunchError error;
    for (Twin& t : twins_) {
      t.storage = device().allocate(t.host.end - t.host.first);
      if (!t.storage || !device().write(t.storage, t.storage->address, t.host.first, bytes(t), error))
        fail(__FILE__, __LINE__, "no copy on the device: %s", error.message);
    }
  }
  ~Twins() {
    for (Twin& t : twins_) blocks_.release(t.storage);
  }
  Twins(const Twins&) = delete;
  Twins& operator=(const Twins&) = delete;

  /** The view on the device's copy; its storage. */
  Storage* move(TensorView& v) const {
    const Span s = span_of(v);
    for (const Twin& t : twins_)
      if (s.first >= t.host.first && s.end <= t.host.end) {
        v.data = static_cast<char*>(t.storage->address) + (static_cast<char*>(v.data) - t.host.first);
        v.place = t.storage->place;
        return t.storage;
      }
    return nullptr;
  }

  /** Copies everything back; false, with the error, when a kernel found one. */
  bool fetch(LaunchError& error) const {
    bool done = device().synchronize(error);
    LaunchError ignored;
    for (const Twin& t : twins_)
      done &= device().read(t.storage, t.storage->address, t.host.first, bytes(t), done ? error : ignored);
    return done;
  }

 private:
  static size_t bytes(const Twin& t) { return static_cast<size_t>(t.host.end - t.host.first); }
  std::vector<Twin> twins_;
  BlockCache blocks_;
};

/** Runs a checked launch whose views are the host's. */
inline void run_on_device(const Launch& launch, LaunchError& error) {
  const Twins twins(launch);
  Launch l = launch;
  std::vector<TensorView> views(launch.views, launch.views + launch.outputs + launch.inputs);
  std::vector<Storage*> storages(views.size() + launch.scalars, nullptr);
  for (uint32_t i = 0; i < views.size(); i++)
    if (on_device(launch, i)) storages[i] = twins.move(views[i]);
  l.views = views.data();
  l.storages = storages.data();
  const bool submitted = device().submit(l, error);
  LaunchError ignored;
  twins.fetch(submitted ? error : ignored);
}

}  // namespace test
