// The log of launches: what a record holds, and that only what ran while the log was on is in it.
#include "core/launch_log.h"

#include <thread>
#include <vector>

#include "test/tensors.h"
#include "test/test.h"

using namespace tenon;
using namespace test;

namespace {

/** out = a + b on the stream. */
void add(CpuStream& stream, const Array& out, TensorView a, TensorView b, uint32_t tag = 0) {
  Prepared prepared(Call{Op::add, DType::f32, {out.view()}, {a, b}, {}});
  prepared.launch.tag = tag;
  CHECK(stream.submit(prepared.launch));
}

}  // namespace

TEST("a record holds op, thread, tag, times and operands") {
  CpuStream stream;
  LaunchLog log;
  log.keep = true;
  Array out(DType::f32, {2, 3}), a(DType::f32, {2, 3}), b(DType::f64, {3});
  a.fill(1);
  b.fill(2);
  TensorView expanded = a.view();
  const int64_t strides[] = {0, 1};
  expanded.strides = strides;  // its first row, twice
  expanded.contiguous = false;
  stream.set_observer(&log);
  const int64_t before = clock_ns();
  add(stream, out, expanded, b.view(), 7);
  const int64_t after = clock_ns();
  stream.set_observer(nullptr);
  CHECK_EQ(static_cast<int64_t>(out.get(5)), 3);

  const std::vector<double>& r = log.records();
  const double want[] = {static_cast<double>(Op::add),
                         1,
                         7,
                         0,
                         0,
                         1,
                         2,  //
                         0,
                         24,
                         2,
                         2,
                         3,  // 24 bytes of float32 [2, 3]
                         0,
                         12,
                         2,
                         2,
                         3,  // 12 of them are covered
                         1,
                         24,
                         1,
                         3};  // float64 [3]
  CHECK_EQ(r.size(), std::size(want));
  for (size_t i = 0; i < r.size(); i++)
    if (i != 3 && i != 4) CHECK(r[i] == want[i]);
  CHECK(r[3] >= static_cast<double>(before) && r[3] <= r[4] && r[4] <= static_cast<double>(after));
  CHECK_EQ(log.lost(), 0u);
}

TEST("nothing is recorded without the log") {
  CpuStream stream;
  LaunchLog log;
  log.keep = true;
  Array out(DType::f32, {1}), a(DType::f32, {1});
  a.fill(1);
  add(stream, out, a.view(), a.view());
  CHECK_EQ(log.records().size(), 0u);
  stream.set_observer(&log);
  add(stream, out, a.view(), NumberOperand(2.0).view());
  const size_t one = log.records().size();
  CHECK(one > 0);
  stream.set_observer(nullptr);
  add(stream, out, a.view(), a.view());
  CHECK_EQ(log.records().size(), one);
  log.keep = false;
  stream.set_observer(&log);
  add(stream, out, a.view(), a.view());
  CHECK_EQ(log.records().size(), one);
  log.clear();
  CHECK_EQ(log.records().size(), 0u);
}

TEST("a launch of another thread than the owner's is told from the others") {
  LaunchLog log;
  log.keep = true;
  const Launch launch;
  log.executed(launch, 1, 2);
  std::thread([&] { log.executed(launch, 3, 4); }).join();
  const std::vector<double>& r = log.records();
  CHECK_EQ(r.size(), 14u);
  CHECK(r[1] == 1 && r[8] == 0);
}
