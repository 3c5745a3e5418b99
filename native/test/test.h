// What a native test program is made of: cases, which register themselves; checks within them; and a main
// that runs the cases, says how many checks each made, and ends with the line that scripts/test-native.js
// reads: 'N passed, M failed'. Checks are for one thread at a time. usage of a program: [--full | --brief]
// [part of a case's name ...]
#pragma once
#include <chrono>
#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace test {

/** Whether the slow sweeps are asked for, too. */
inline bool full = false;
/** Whether what takes long where code runs slowly, emulated or sanitized, is to be left out. */
inline bool brief = false;
/**
 * Where code runs slowly, three of five of many cases that differ little are left out: true for those. They
 * are numbered in the order of loops, none of which has five rounds, so that each of a loop's has its turn.
 */
inline bool left_out(int64_t number) { return brief && number % 5 > 1; }

struct Case {
  const char* name;
  bool slow;  // only run when all is asked for
  void (*run)();
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

struct Registration {
  Registration(const char* name, bool slow, void (*run)(), bool here = true) {
    if (here) cases().push_back({name, slow, run});
  }
};

/** Of the case that runs. */
inline int64_t checks = 0, failures = 0;

/** What is being checked, from the outermost in: printed with a failure. */
inline std::vector<std::string>& context() {
  static std::vector<std::string> all;
  return all;
}

/** Adds to the context while it lives. */
class About {
 public:
  __attribute__((format(printf, 2, 3))) explicit About(const char* format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    std::vsnprintf(text, sizeof text, format, args);
    va_end(args);
    context().emplace_back(text);
  }
  ~About() { context().pop_back(); }
  About(const About&) = delete;
  About& operator=(const About&) = delete;
};

__attribute__((format(printf, 3, 4))) inline void fail(const char* file, int line, const char* format, ...) {
  constexpr int64_t shown = 10;
  if (++failures > shown) return;
  std::printf("  %s:%d: ", file, line);
  for (const std::string& about : context()) std::printf("%s: ", about.c_str());
  va_list args;
  va_start(args, format);
  std::vprintf(format, args);
  va_end(args);
  std::printf("\n");
  if (failures == shown) std::printf("  (further failures of this case are not shown)\n");
}

inline void check(const char* file, int line, const char* condition, bool holds) {
  checks++;
  if (!holds) fail(file, line, "expected %s", condition);
}

template <class A, class B>
void check_equal(const char* file, int line, const char* what, A actual, B expected) {
  checks++;
  if (!(actual == static_cast<A>(expected)))
    fail(file, line, "%s: expected %.17g, got %.17g", what, static_cast<double>(expected),
         static_cast<double>(actual));
}

/** A fact worth knowing that is no failure. */
__attribute__((format(printf, 1, 2))) inline void note(const char* format, ...) {
  va_list args;
  va_start(args, format);
  std::printf("  ");
  std::vprintf(format, args);
  std::printf("\n");
  va_end(args);
}

/** Numbers that are the same every run: SplitMix64. */
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t bits() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /** From `low` to `high`, both included. */
  int64_t integer(int64_t low, int64_t high) {
    const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
    return static_cast<int64_t>(static_cast<uint64_t>(low) + (range ? bits() % range : bits()));
  }
  double uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(bits() >> 11) * 0x1p-53);
  }
  bool coin() { return bits() >> 63; }

 private:
  uint64_t state_;
};

inline int run_all(int argc, char** argv) {
  std::vector<const char*> wanted;
  for (int i = 1; i < argc; i++) {
    if (!std::strcmp(argv[i], "--full"))
      full = true;
    else if (!std::strcmp(argv[i], "--brief"))
      brief = true;
    else
      wanted.push_back(argv[i]);
  }
  int passed = 0, failed = 0;
  int64_t total = 0;
  for (const Case& c : cases()) {
    if (c.slow && !full) continue;
    bool chosen = wanted.empty();
    for (const char* part : wanted) chosen |= std::strstr(c.name, part) != nullptr;
    if (!chosen) continue;
    checks = failures = 0;
    const auto start = std::chrono::steady_clock::now();
    try {
      c.run();
    } catch (const std::exception& error) {
      fail(__FILE__, __LINE__, "the case threw: %s", error.what());
    }
    if (checks == 0) fail(__FILE__, __LINE__, "the case checked nothing");
    const double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    std::printf("%s %s: %lld checks, %lld failures (%.0f ms)\n", failures ? "FAIL" : "ok", c.name,
                static_cast<long long>(checks), static_cast<long long>(failures), ms);
    std::fflush(stdout);
    (failures ? failed : passed)++;
    total += checks;
  }
  std::printf("%lld checks\n%d passed, %d failed\n", static_cast<long long>(total), passed, failed);
  return failed || passed == 0 ? 1 : 0;
}

}  // namespace test

/** TEST("what holds") { ... } */
#define TEST(name) TEST_AT(name, false, true, __LINE__)
/** One that takes long: it runs with --full. */
#define SLOW_TEST(name) TEST_AT(name, true, true, __LINE__)
/** One that there is only where a condition holds. */
#define TEST_IF(here, name) TEST_AT(name, false, here, __LINE__)
#define TEST_AT(name, slow, here, line) TEST_NAMED(name, slow, here, line)
#define TEST_NAMED(name, slow, here, line)                                            \
  static void case_##line();                                                          \
  static const test::Registration registration_##line(name, slow, case_##line, here); \
  static void case_##line()

#define CHECK(condition) test::check(__FILE__, __LINE__, #condition, static_cast<bool>(condition))
/** Equal numbers; a failure shows both. */
#define CHECK_EQ(actual, expected) test::check_equal(__FILE__, __LINE__, #actual, actual, expected)

int main(int argc, char** argv) { return test::run_all(argc, argv); }
