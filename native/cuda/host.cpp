#include "cuda/host.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "cpu/kernel_table.h"
#include "cuda/device.h"

namespace tenon {
namespace cuda {

namespace {

/** Bytes of one storage that views of a launch cover, and their copy. */
struct Copy {
  Storage* storage;
  char *first, *end;   // on the device
  bool read, written;  // by the kernel; what is new has nothing to read
  std::unique_ptr<char[]> bytes;
};

/** The bytes that a view covers; none of an empty one. */
void cover(const TensorView& v, char*& first, char*& end) {
  const int64_t size = element_size(v.dtype);
  first = end = v.as<char>();
  if (v.numel == 0) return;
  for (int i = 0; i < v.rank; i++) {
    const int64_t reach = (v.shape[i] - 1) * v.strides[i] * size;
    (reach < 0 ? first : end) += reach;
  }
  end += size;
}

}  // namespace

bool run_on_host(Device& d, const Launch& launch, LaunchError& error) {
  const size_t operands = launch.outputs + launch.inputs;
  std::vector<Copy> copies;
  for (size_t i = 0; i < operands; i++) {
    Storage* const s = launch.storages[i];
    if (!s) continue;
    char *first, *end;
    cover(launch.views[i], first, end);
    const bool read = i >= launch.made, written = i < launch.outputs;
    // Views of one storage see each other's changes.
    const auto known =
        std::find_if(copies.begin(), copies.end(), [&](const Copy& c) { return c.storage == s; });
    if (known == copies.end()) {
      copies.push_back({s, first, end, read, written, nullptr});
    } else {
      known->first = std::min(known->first, first);
      known->end = std::max(known->end, end);
      known->read |= read;
      known->written |= written;
    }
  }
  for (Copy& c : copies) {
    const size_t bytes = static_cast<size_t>(c.end - c.first);
    c.bytes.reset(new char[bytes ? bytes : 1]);
    if (c.read && !d.read(c.storage, c.first, c.bytes.get(), bytes, error)) return false;
  }
  std::vector<TensorView> views(launch.views, launch.views + operands);
  for (size_t i = 0; i < operands; i++)
    for (const Copy& c : copies)
      if (c.storage == launch.storages[i]) {
        views[i].data = c.bytes.get() + (views[i].as<char>() - c.first);
        views[i].place = 0;
      }
  Launch l = launch;
  Scratch scratch;
  l.views = views.data();
  l.storages = nullptr;
  l.scratch = &scratch;
  l.error = &error;
  cpu_kernels()[l.op](l);
  if (error) return false;
  for (const Copy& c : copies)
    if (c.written && !d.write(c.storage, c.first, c.bytes.get(), static_cast<size_t>(c.end - c.first), error))
      return false;
  return true;
}

}  // namespace cuda
}  // namespace tenon
