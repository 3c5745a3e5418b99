#include "core/launch_log.h"

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <new>

#include "cpu/kernel_table.h"

namespace tenon {

namespace {

/** Bytes of the elements that a view covers: those of a dimension that was expanded count once. */
int64_t covered_bytes(const TensorView& v) {
  if (v.numel == 0) return 0;
  int64_t n = 1;
  for (int i = 0; i < v.rank; i++)
    if (v.strides[i] != 0) n *= v.shape[i];
  return n * element_size(v.dtype);
}

/** Whether the operand was given as a number: only those have no sizes and yet no strides. */
bool is_number(const TensorView& v) { return v.rank == 0 && v.shape == nullptr && v.dtype == DType::f64; }

/** One line of text; what doesn't fit is left out. */
class Line {
 public:
#if defined(__GNUC__)
  __attribute__((format(printf, 2, 3)))
#endif
  void add(const char* format, ...) {
    va_list args;
    va_start(args, format);
    const int n = std::vsnprintf(text_ + at_, kSize - at_, format, args);
    va_end(args);
    if (n > 0) at_ = at_ + static_cast<size_t>(n) < kSize ? at_ + static_cast<size_t>(n) : kSize - 1;
  }

  void add_operand(const TensorView& v) {
    if (is_number(v)) return add("%g", *v.as<double>());
    add("%s [", dtype_name(v.dtype));
    for (int i = 0; i < v.rank; i++) add(i ? ", %lld" : "%lld", static_cast<long long>(v.shape[i]));
    add("]");
  }

  /** The end is never cut off, and the line is written at once: other threads write lines, too. */
  void write(double us) {
    if (at_ > kSize - 64) {
      at_ = kSize - 64;
      add("...");
    }
    add("; %.1f us\n", us);
    std::fwrite(text_, 1, at_, stderr);
  }

 private:
  static constexpr size_t kSize = 1024;
  char text_[kSize];
  size_t at_ = 0;
};

void print_launch(const Launch& l, double us) {
  Line line;
  line.add("tenon: ");
  for (int i = 0; i < l.outputs; i++) {
    if (i) line.add(", ");
    line.add_operand(l.out(i));
  }
  line.add(l.outputs ? " = %s(" : "%s(", op_name(l.op));
  for (uint32_t i = 0; i < l.inputs; i++) {
    if (i) line.add(", ");
    line.add_operand(l.in(static_cast<int>(i)));
  }
  line.add(")");
  line.write(us);
}

}  // namespace

int64_t clock_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

void LaunchLog::executed(const Launch& launch, int64_t start, int64_t end) noexcept {
  if (print) print_launch(launch, static_cast<double>(end - start) / 1000);
  if (!keep) return;
  const size_t before = records_.size();
  if (before > kMost) {
    lost_++;
    return;
  }
  try {
    append(launch, start, end);
  } catch (const std::bad_alloc&) {
    records_.resize(before);
    lost_++;
  }
}

void LaunchLog::append(const Launch& l, int64_t start, int64_t end) {
  const double head[] = {static_cast<double>(l.op),    std::this_thread::get_id() == owner_ ? 1.0 : 0.0,
                         static_cast<double>(l.tag),   static_cast<double>(start),
                         static_cast<double>(end),     static_cast<double>(l.outputs),
                         static_cast<double>(l.inputs)};
  records_.insert(records_.end(), std::begin(head), std::end(head));
  for (uint32_t i = 0; i < l.outputs + l.inputs; i++) {
    const TensorView& v = l.views[i];
    records_.push_back(static_cast<double>(v.dtype));
    records_.push_back(static_cast<double>(covered_bytes(v)));
    records_.push_back(v.rank);
    for (int d = 0; d < v.rank; d++) records_.push_back(static_cast<double>(v.shape[d]));
  }
}

void LaunchLog::clear() {
  records_.clear();
  records_.shrink_to_fit();
  lost_ = 0;
}

}  // namespace tenon
