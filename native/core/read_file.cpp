#include "core/read_file.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "core/crc32.h"
#include "core/parallel.h"

#ifndef _WIN32
#include <unistd.h>

#include <cerrno>
#endif

namespace tenon {

#ifdef _WIN32

// A descriptor is one of Node's own C library there.
bool read_file(int, uint64_t, void*, size_t, uint32_t*) { return false; }

#else

namespace {

bool read_all(int descriptor, uint64_t position, char* to, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t count = pread(descriptor, to + done, size - done, static_cast<off_t>(position + done));
    if (count == 0 || (count < 0 && errno != EINTR)) return false;
    if (count > 0) done += static_cast<size_t>(count);
  }
  return true;
}

}  // namespace

bool read_file(int descriptor, uint64_t position, void* to, size_t size, uint32_t* crc) {
  // Few enough to be cached when they are summed up.
  constexpr size_t piece = size_t{1} << 18;
  const size_t pieces = (size + piece - 1) / piece;
  const auto size_of = [&](size_t i) { return std::min(piece, size - i * piece); };
  std::vector<uint32_t> sums(crc ? pieces : 0);
  std::atomic<bool> all{true};
  parallel_for(static_cast<int64_t>(pieces), [&](int64_t task) {
    const size_t i = static_cast<size_t>(task);
    char* const part = static_cast<char*>(to) + i * piece;
    if (!read_all(descriptor, position + i * piece, part, size_of(i)))
      all = false;
    else if (crc)
      sums[i] = crc32(0, part, size_of(i));
  });
  if (!all) return false;
  if (crc) *crc = 0;
  const uint32_t shift = crc32_shift(piece);
  for (size_t i = 0; i < sums.size(); i++)
    *crc = crc32_combine(*crc, sums[i], i + 1 < pieces ? shift : crc32_shift(size_of(i)));
  return true;
}

#endif

}  // namespace tenon
