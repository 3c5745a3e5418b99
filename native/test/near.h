// Random numbers in tensors, and results that are near what a formula gives.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "test/tensors.h"

namespace test {

inline std::string text(const Sizes& list) {
  std::string s = "[";
  for (int64_t n : list) s += (s.size() > 1 ? "," : "") + std::to_string(n);
  return s + "]";
}

inline void fill_uniform(Array& x, uint64_t seed, double low, double high) {
  Random random(seed);
  x.fill_with([&](int64_t) { return random.uniform(low, high); });
}

/** Results within `slack` of what is wanted, in units of the larger of the result and `scale` in its dtype.
 */
inline void expect_near(const char* file, int line, const Array& out, const std::vector<Number>& want,
                        double slack, Number scale = 0) {
  int64_t wrong = 0, where = 0;
  for (int64_t i = 0; i < out.numel(); i++) {
    const Number w = want[static_cast<size_t>(i)], got = out.get(i);
    const bool same = got == w || (got != got && w != w) || identical(got, rounded(out.dtype(), w));
    if (!same && !(std::fabs(got - w) <= slack * spacing(out.dtype(), std::max(std::fabs(w), scale))) &&
        wrong++ == 0)
      where = i;
  }
  checks++;
  if (wrong)
    fail(file, line, "%lld results are wrong: element %lld is %.17Lg, expected %.17Lg",
         static_cast<long long>(wrong), static_cast<long long>(where), out.get(where),
         want[static_cast<size_t>(where)]);
}
#define EXPECT_NEAR(...) ::test::expect_near(__FILE__, __LINE__, __VA_ARGS__)

}  // namespace test
