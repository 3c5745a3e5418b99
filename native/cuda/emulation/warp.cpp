// The warp functions, as exchanges of the values that the lanes bring. Compiled without -fsanitize=thread:
// the last lane computes what all get. As on a GPU, none but __syncwarp orders what lanes do in memory.
#include "cuda/emulation/device.h"

namespace tenon {
namespace cuda {
namespace emulation {
namespace {

template <class T>
T& of(void* argument) {
  return *static_cast<T*>(argument);
}
template <class F>
void for_lanes(uint32_t mask, F f) {
  for (int i = 0; i < 32; i++)
    if (mask >> i & 1) f(i);
}

struct Shuffle {
  uint64_t value, result;
  int source;
};
struct Ballot {
  bool predicate;
  uint32_t result;
};
struct Match {
  uint64_t value;
  uint32_t result;
};

}  // namespace

uint64_t shuffle(uint32_t mask, uint64_t value, int source, Site site) {
  Shuffle mine{value, 0, source};
  warp(
      mask,
      [](void* const* lanes, uint32_t in) {
        for_lanes(in, [&](int i) {
          Shuffle& s = of<Shuffle>(lanes[i]);
          if (s.source < 0)
            s.result = s.value;
          else if (in >> s.source & 1)
            s.result = of<Shuffle>(lanes[s.source]).value;
          else
            s.result = ~uint64_t{0};  // undefined in CUDA
        });
      },
      &mine, site);
  return mine.result;
}

uint32_t ballot(uint32_t mask, bool predicate, Site site) {
  Ballot mine{predicate, 0};
  warp(
      mask,
      [](void* const* lanes, uint32_t in) {
        uint32_t result = 0;
        for_lanes(in, [&](int i) { result |= static_cast<uint32_t>(of<Ballot>(lanes[i]).predicate) << i; });
        for_lanes(in, [&](int i) { of<Ballot>(lanes[i]).result = result; });
      },
      &mine, site);
  return mine.result;
}

uint32_t match(uint32_t mask, uint64_t value, Site site) {
  Match mine{value, 0};
  warp(
      mask,
      [](void* const* lanes, uint32_t in) {
        for_lanes(in, [&](int i) {
          Match& m = of<Match>(lanes[i]);
          m.result = 0;
          for_lanes(in, [&](int j) {
            m.result |= static_cast<uint32_t>(of<Match>(lanes[j]).value == m.value) << j;
          });
        });
      },
      &mine, site);
  return mine.result;
}

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
