#include "napi/commands.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "core/check.h"
#include "core/convert_scalar.h"
#include "core/recurrent.h"
#include "cpu/kernel_table.h"
#include "napi/environment.h"

namespace tenon {

namespace {

constexpr int64_t kMaxInteger = int64_t{1} << 53;

/** Reads the words of the buffer in order; reading past the end yields NaN, which no check lets through. */
class Reader {
 public:
  Reader(Environment& e, size_t end) : e_(e), words_(e.commands), end_(end) {}

  /** False after an error has been raised. */
  bool run() {
    while (at_ < end_) {
      const double code = word();
      if (code == kFree) {
        free();
      } else if (code == kView) {
        if (!view()) return false;
      } else if (code == kNew) {
        op_ = kOpCount;
        const double id = word();
        if (!make(id, integer())) return false;
        if (last_->view.place == 0) e_.stream.renew(last_->storage);
      } else if (code >= 0 && code < kOpCount) {
        if (!launch(static_cast<uint16_t>(code))) return false;
      } else {
        return fail(ErrorCode::internal, "unknown command");
      }
    }
    return true;
  }

  Slot* last_made() const { return last_; }

 private:
  double word() { return at_ < end_ ? words_[at_++] : std::nan(""); }

  int64_t integer() {
    const double d = word();
    return d >= -static_cast<double>(kMaxInteger) && d <= static_cast<double>(kMaxInteger)
               ? static_cast<int64_t>(d)
               : -1;
  }

  bool fail(ErrorCode code, const char* message) {
    e_.raise(code, message);
    return false;
  }

  bool fail_operand(const char* op, double id) {
    char text[160];
    if (id == 0)
      std::snprintf(text, sizeof text, "%s: a tensor was disposed", op);
    else
      std::snprintf(text, sizeof text,
                    "%s: no tensor has the id %.0f: it was disposed or belongs to another thread", op, id);
    return fail(ErrorCode::argument, text);
  }

  void free() {
    if (Slot* s = e_.slots.find(word())) e_.release(*s);
  }

  /** Memory, after a collection if need be; raises OutOfMemoryError. */
  Storage* allocate(int64_t bytes, int place) {
    if (place != 0) return allocate_on_device(bytes, place);
    Storage* s = e_.slots.blocks().allocate(bytes);
    if (s) return s;
    // What is beyond the limit alone stays so, whatever is collected.
    if (bytes > memory_limit()) return out_of_memory(bytes);
    if (!collect()) return nullptr;
    s = e_.slots.blocks().allocate(bytes);
    if (!s) {
      // What was freed may still be in use.
      e_.stream.drain();
      s = e_.slots.blocks().allocate(bytes);
    }
    return s ? s : out_of_memory(bytes);
  }

  Storage* allocate_on_device(int64_t bytes, int place) {
    cuda::Device* const d = e_.device(place);
    if (!d) return nullptr;
    ForeignStorage* s = d->allocate(bytes);
    if (!s) {
      if (!collect()) return nullptr;
      s = d->allocate(bytes);
    }
    if (!s) return out_of_memory(*d, bytes);
    e_.slots.blocks().adopt(s);
    return s;
  }

  /** Collects, and frees what was found; false after an error has been raised. */
  bool collect() {
    napi_value collect, receiver, result;
    napi_get_reference_value(e_.env, e_.collect, &collect);
    napi_get_undefined(e_.env, &receiver);
    // The collector's own commands go through this buffer: keep ours.
    std::vector<double> ours(words_ + kFirstCommand, words_ + end_);
    const bool collected = napi_call_function(e_.env, receiver, collect, 0, nullptr, &result) == napi_ok;
    std::copy(ours.begin(), ours.end(), words_ + kFirstCommand);
    if (collected) release_strangers();
    return collected;
  }

  /** Frees, of what was collected while a command runs, all but its own operands: they wait for its end. */
  void release_strangers() {
    std::vector<Slot*>& released = e_.released_while_running;
    size_t kept = 0;
    for (Slot* s : released)
      if (is_operand(s->id))
        released[kept++] = s;
      else
        e_.slots.release(*s);
    released.resize(kept);
  }

  /** Whether the launch that is being read names this tensor. */
  bool is_operand(double id) const {
    size_t p = operands_at_;
    for (uint32_t i = 0; i < outputs_ && p + 1 < end_; i++) {
      const double spec = words_[p + 1];
      if (words_[p] == id) return true;
      p += 2 + (spec > 0 ? static_cast<size_t>(spec) >> 5 & 127 : 0);
    }
    for (uint32_t i = 0; i < inputs_ && p < end_; i++) {
      if (words_[p] == id) return true;
      p += words_[p] == -1 ? 2 : 1;
    }
    for (; p < end_; p++)  // cells, or numbers that happen to be the same
      if (words_[p] == id) return true;
    return false;
  }

  Storage* out_of_memory(int64_t bytes) {
    e_.slots.blocks().settle();
    const MemoryStats stats = memory_stats();
    char text[240], limit[48] = "none";
    if (stats.limit != kNoLimit)
      std::snprintf(limit, sizeof limit, "%lld bytes", static_cast<long long>(stats.limit));
    std::snprintf(text, sizeof text,
                  "%s: cannot allocate %lld bytes (%lld bytes are live in tensors, %lld cached; limit: %s)",
                  op_ < kOpCount ? op_name(op_) : "tensor", static_cast<long long>(bytes),
                  static_cast<long long>(stats.live),
                  static_cast<long long>(stats.cached + e_.slots.blocks().kept_bytes()), limit);
    fail(ErrorCode::out_of_memory, text);
    return nullptr;
  }

  Storage* out_of_memory(cuda::Device& d, int64_t bytes) {
    const cuda::PoolStats& stats = d.pool().stats();
    size_t free = 0, total = 0;
    d.free_and_total(free, total);
    char text[320];
    std::snprintf(
        text, sizeof text,
        "%s: cannot allocate %lld bytes on cuda:%d (%lld bytes are live in tensors, %lld cached; the "
        "device has %lld bytes, %lld of them free)",
        op_ < kOpCount ? op_name(op_) : "tensor", static_cast<long long>(bytes), d.place() - 1,
        static_cast<long long>(stats.allocated), static_cast<long long>(stats.reserved - stats.allocated),
        static_cast<long long>(total), static_cast<long long>(free));
    fail(ErrorCode::out_of_memory, text);
    return nullptr;
  }

  bool shape(int64_t rank, int64_t* dims) {
    if (rank < 0 || rank > kMaxRank) return fail(ErrorCode::shape, "a tensor has at most 64 dimensions");
    for (int64_t i = 0; i < rank; i++) dims[i] = integer();
    return true;
  }

  /** A new row-major tensor; its dtype, rank and place are packed in `spec` as in an output's second word. */
  bool make(double id, int64_t spec) {
    int64_t dims[kMaxRank];
    const int64_t dtype = spec >> 1 & 15, rank = spec >> 5 & 127, place = spec >> 12;
    if (spec < 0 || dtype >= kDTypeCount) return fail(ErrorCode::internal, "unknown dtype");
    if (place > 255) return fail(ErrorCode::internal, "unknown device");
    if (!shape(rank, dims)) return false;
    const DType t = static_cast<DType>(dtype);
    const int64_t numel = checked_numel(dims, static_cast<int>(rank));
    if (numel < 0) return fail(ErrorCode::shape, "a size is negative or the number of elements exceeds 2^53");
    Storage* storage = allocate(numel * element_size(t), static_cast<int>(place));
    if (!storage) return false;
    Slot* s = e_.slots.create(id, storage, 0, t, static_cast<int>(rank), dims, nullptr, numel);
    if (!s) {
      e_.slots.blocks().release(storage);
      return fail(ErrorCode::internal, "the id is in use");
    }
    last_ = s;
    return true;
  }

  bool view() {
    const double id = word(), source_id = word();  // declarators are evaluated in order, arguments aren't
    const int64_t dtype = integer(), offset = integer(), rank = integer();
    int64_t dims[kMaxRank], strides[kMaxRank];
    if (dtype < 0 || dtype >= kDTypeCount) return fail(ErrorCode::internal, "unknown dtype");
    if (!shape(rank, dims)) return false;
    for (int64_t i = 0; i < rank; i++) {
      const double d = word();
      if (!(std::fabs(d) <= static_cast<double>(kMaxInteger)))
        return fail(ErrorCode::shape, "a stride is no integer");
      strides[i] = static_cast<int64_t>(d);
    }
    Slot* source = e_.slots.find(source_id);
    if (!source) return fail_operand("view", source_id);
    const DType t = static_cast<DType>(dtype);
    const int64_t numel = checked_numel(dims, static_cast<int>(rank));
    if (numel < 0)
      return fail(ErrorCode::shape, "view: a size is negative or the number of elements exceeds 2^53");
    if (!view_fits(source->storage->bytes, t, offset, static_cast<int>(rank), dims, strides, numel))
      return fail(ErrorCode::shape, "view: it reaches outside of its storage");
    e_.slots.blocks().retain(source->storage);
    Storage* storage = source->storage;
    Slot* s = e_.slots.create(id, storage, offset, t, static_cast<int>(rank), dims, strides, numel);
    if (!s) {
      e_.slots.blocks().release(storage);
      return fail(ErrorCode::internal, "the id is in use");
    }
    last_ = s;
    return true;
  }

  bool launch(uint16_t op) {
    op_ = op;
    const int64_t header = integer();
    if (header < 0) return fail(ErrorCode::internal, "malformed command");
    Launch l;
    l.op = op;
    l.compute = static_cast<DType>(header & 15);
    l.tag = e_.tag;
    l.outputs = static_cast<uint16_t>(header >> 4 & 511);
    l.inputs = static_cast<uint32_t>(header >> 13 & 1023);
    l.scalars = static_cast<uint32_t>(header >> 23 & 127);
    const bool cells = header >> 30 & 1;
    const size_t operands = l.outputs + l.inputs;
    operands_at_ = at_;
    outputs_ = l.outputs;
    inputs_ = l.inputs;
    if (e_.views.size() < operands) e_.views.resize(operands);
    if (e_.scalars.size() < l.scalars) e_.scalars.resize(l.scalars);
    if (e_.storages.size() < operands + l.scalars) e_.storages.resize(operands + l.scalars);

    // Inputs come after the outputs in the buffer, and outputs are made first: an operand is pinned by
    // `running`, which delays every release (a collection may run inside of make).
    e_.running = true;
    const bool done = operands_of(l, cells) && execute(l);
    e_.running = false;
    for (Slot* s : e_.released_while_running) e_.slots.release(*s);
    e_.released_while_running.clear();
    return done;
  }

  bool operands_of(Launch& l, bool cells) {
    Slot* made[4] = {nullptr};
    int made_count = 0, made_outputs = 0, places = 0;
    bool ok = true;
    for (int i = 0; ok && i < l.outputs; i++) {
      const double id = word();
      const int64_t spec = integer();
      Slot* s;
      if (spec > 0) {
        ok = make(id, spec);
        s = last_;
        if (ok && made_count < 4) made[made_count++] = s;
        if (made_outputs == i) made_outputs++;
      } else {
        s = e_.slots.find(id);
        if (!s) ok = fail_operand(op_name(l.op), id);
      }
      if (!ok) break;
      e_.views[i] = s->view;
      e_.storages[i] = s->storage;
      places |= s->view.place;
    }
    TensorView* const views = e_.views.data() + l.outputs;
    Storage** const storages = e_.storages.data() + l.outputs;
    for (uint32_t i = 0; ok && i < l.inputs; i++) {
      const double id = word();
      TensorView& v = views[i];
      if (id == -1) {
        number(v);
        storages[i] = nullptr;
        continue;
      }
      Slot* s = e_.slots.find(id);
      if (!s) {
        ok = fail_operand(op_name(l.op), id);
      } else {
        v = s->view;
        storages[i] = s->storage;
        places |= v.place;
        if (!is_floating(v.dtype) && s->storage->shared) l.unsteady = true;
      }
    }
    for (uint32_t i = 0; ok && i < l.scalars; i++) {
      const bool cell = cells && word() != 0;
      Scalar& scalar = e_.scalars[i];
      scalar = Scalar{};
      Storage*& storage = e_.storages[l.outputs + l.inputs + i];
      storage = nullptr;
      if (!cell) {
        scalar.value = word();
        continue;
      }
      const double id = word();
      Slot* s = e_.slots.find(id);
      if (!s || s->view.dtype != DType::f64 || s->view.numel != 1)
        ok = fail_operand(op_name(l.op), id);
      else {
        scalar.cell = s->view.as<double>();
        storage = s->storage;
        places |= s->view.place;
      }
    }
    l.views = e_.views.data();
    l.scalar = e_.scalars.data();
    l.storages = e_.storages.data();
    l.made = static_cast<uint16_t>(made_outputs);
    place_ = 0;
    if (ok && places != 0) ok = settle_places(l);
    if (ok) {
      LaunchError error;
      if (!check(l, error)) ok = fail(error.code, error.message);
    }
    if (!ok) drop(made, made_count);
    made_count_ = made_count;
    for (int i = 0; i < made_count; i++) made_[i] = made[i];
    return ok;
  }

  /** A number operand: a 0-d float64 view of the word itself. */
  void number(TensorView& v) {
    v = TensorView{};
    v.data = at_ < end_ ? &words_[at_] : nullptr;
    v.shape = v.strides = nullptr;
    v.numel = 1;
    v.dtype = DType::f64;
    word();
  }

  /**
   * Finds the device that a launch with tensors off the CPU goes to. All of its tensors are there, but those
   * of the CPU with no dimensions and sizes of steps, which are read now, and cells; a copy may go from one
   * place to another.
   */
  bool settle_places(Launch& l) {
    const uint32_t operands = l.outputs + l.inputs;
    if (l.op == static_cast<uint16_t>(Op::copy) && e_.views[1].place != e_.views[0].place) {
      place_ = kBetween;
      return true;
    }
    for (uint32_t i = 0; i < operands && place_ == 0; i++) place_ = e_.views[i].place;
    if (place_ == 0) {
      for (uint32_t i = 0; i < l.scalars; i++)
        if (!cell_value(l, i)) return false;
      return true;
    }
    for (uint32_t i = 0; i < l.scalars; i++) {
      const Storage* const s = e_.storages[operands + i];
      if (s && (s->place != place_ || !reads_cell(l.op, i)) && !cell_value(l, i)) return false;
    }
    const uint32_t steps = static_cast<uint32_t>(steps_operand(l));  // beyond all operands: none
    const bool reads = steps < operands && e_.storages[steps] && e_.views[steps].contiguous;
    const size_t room = reads ? static_cast<size_t>(e_.views[steps].numel) : 0;
    e_.numbers.resize(std::max<size_t>(e_.numbers.size(), operands + room));
    for (uint32_t i = 0; i < operands; i++) {
      TensorView& v = e_.views[i];
      if (reads && i == steps) {
        if (!read_elements(v, e_.storages[i], e_.numbers.data() + operands)) return false;
        e_.storages[i] = nullptr;
      }
      if (!e_.storages[i] || v.place == place_) continue;
      if (v.place != 0 || i < l.outputs || v.rank != 0 || !takes_numbers(l.op))
        return fail_places(l, v.place);
      if (!number_of(v, e_.storages[i], e_.numbers[i])) return false;
      e_.storages[i] = nullptr;
    }
    return true;
  }

  /** Whether a tensor of the CPU, of no dimensions, may stand beside tensors of a device. */
  static bool takes_numbers(uint16_t op) {
    static constexpr bool takes[] = {
#define TENON_YES(...) true,
#define TENON_NO(...) false,
#define UNARY TENON_YES
#define PREDICATE TENON_YES
#define BINARY TENON_YES
#define COMPARE TENON_YES
#define REDUCE TENON_NO
#define KERNEL TENON_NO
#include "ops.def"
#undef TENON_YES
#undef TENON_NO
    };
    return takes[op] || op == static_cast<uint16_t>(Op::where) || op == static_cast<uint16_t>(Op::copy);
  }

  /** Whether the op's kernels read this scalar from a cell on the device; the values of others are taken now.
   */
  static bool reads_cell(uint16_t op, uint32_t i) {
    // Learning rates, and the number of the step.
    return op == static_cast<uint16_t>(Op::sgd) ? i == 0
                                                : op == static_cast<uint16_t>(Op::adam) && (i == 0 || i == 8);
  }

  bool fail_places(const Launch& l, int other) {
    const auto name = [](int place) {
      return place == 0 ? std::string("cpu") : "cuda:" + std::to_string(place - 1);
    };
    const std::string text = std::string(op_name(l.op)) + ": expected all tensors on one device, got " +
                             name(place_) + " and " + name(other) + ": move one with .to('" + name(place_) +
                             "') or .to('" + name(other) + "')";
    return fail(ErrorCode::device, text.c_str());
  }

  /** Makes a tensor of the CPU, of no dimensions, a number. */
  bool number_of(TensorView& v, Storage* storage, uint64_t& room) {
    if (!read_elements(v, storage, &room)) return false;
    v.shape = v.strides = nullptr;
    return true;
  }

  /** Makes a dense tensor one of the host's, of which nothing is under way. */
  bool read_elements(TensorView& v, Storage* storage, uint64_t* room) {
    Slot slot;
    slot.storage = storage;
    slot.view = v;
    if (!e_.read(slot, room, static_cast<size_t>(v.numel * element_size(v.dtype)))) return false;
    v.data = room;
    v.place = 0;
    return true;
  }

  /** Makes a scalar that is a cell a value. */
  bool cell_value(Launch& l, uint32_t i) {
    Storage*& storage = e_.storages[l.outputs + l.inputs + i];
    if (!storage) return true;
    Scalar& scalar = e_.scalars[i];
    Slot slot;
    slot.storage = storage;
    slot.view.data = const_cast<double*>(scalar.cell);
    slot.view.place = storage->place;
    if (!e_.read(slot, &scalar.value, sizeof scalar.value)) return false;
    scalar.cell = nullptr;
    storage = nullptr;
    return true;
  }

  bool execute(Launch& l) {
    if (place_ == 0) {
      if (e_.stream.submit(l)) return true;
      drop(made_, made_count_);
      return fail(e_.stream.error().code, e_.stream.error().message);
    }
    LaunchError error;
    const bool logs = e_.launch_log.keep || e_.launch_log.print;
    if (logs) e_.stream.drain();  // the executor writes there, too
    const int64_t start = logs ? clock_ns() : 0;
    if (e_.recorder) e_.recorder->record(l);
    if (place_ == kBetween ? transfer(l, error) : submit_to_device(l, error)) {
      if (logs) e_.launch_log.executed(l, start, clock_ns());
      return true;
    }
    drop(made_, made_count_);
    return fail(error.code, error.message);
  }

  bool submit_to_device(Launch& l, LaunchError& error) {
    cuda::Device* const d = e_.device(place_, error);
    return d && d->submit(l, error);
  }

  /** A copy of dense elements from one place to another. */
  bool transfer(const Launch& l, LaunchError& error) {
    const TensorView &to = l.out(), &from = l.in();
    if (!to.contiguous || !from.contiguous || to.dtype != from.dtype || to.numel != from.numel) {
      set_error(error, ErrorCode::internal,
                "copy: between devices both tensors are contiguous, of one dtype and as many elements");
      return false;
    }
    const size_t bytes = static_cast<size_t>(to.numel * element_size(to.dtype));
    Storage *const target = l.storages[0], *const source = l.storages[1];
    cuda::Device* const d = to.place ? e_.device(to.place, error) : nullptr;
    if (to.place && !d) return false;
    if (from.place == 0) {
      if (const Ticket ticket = e_.stream.pending(source)) e_.stream.wait(ticket);
      if (const Failure failure = e_.stream.failure(source)) {
        e_.stream.take_failure();
        error = *failure;
        return false;
      }
      return d->write(target, to.data, from.data, bytes, error);
    }
    cuda::Device* const other = e_.device(from.place, error);
    if (!other) return false;
    if (d) return d->copy_from(*other, source, from.data, target, to.data, bytes, error);
    e_.stream.renew(target);
    if (const Ticket ticket = e_.stream.pending(target)) e_.stream.wait(ticket);
    e_.stream.wait(target->used);
    return other->read(source, from.data, to.data, bytes, error);
  }

  /** A failed command leaves no tensors behind. */
  void drop(Slot* const* made, int count) {
    for (int i = 0; i < count; i++) e_.release(*made[i]);
    last_ = nullptr;
  }

  Environment& e_;
  static constexpr int kBetween = -1;
  int op_ = kOpCount;       // what errors name
  int place_ = 0;           // where the launch being read goes; kBetween: a copy
  size_t operands_at_ = 0;  // where the operands of the launch being read start, and how many they are
  uint32_t outputs_ = 0, inputs_ = 0;
  double* words_;
  size_t at_ = kFirstCommand;
  size_t end_;
  Slot* last_ = nullptr;
  Slot* made_[4] = {nullptr};
  int made_count_ = 0;
};

}  // namespace

napi_value run_commands(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value owner;
  void* data;
  napi_get_cb_info(env, info, &argc, &owner, nullptr, &data);
  Environment& e = *static_cast<Environment*>(data);
  return guarded(e, [&]() -> napi_value {
    if (!e.commands) return nullptr;
    const double end = e.commands[0];
    e.commands[0] = kFirstCommand;
    if (!(end >= kFirstCommand && end <= static_cast<double>(e.capacity))) {
      e.raise(ErrorCode::internal, "malformed command buffer");
      return nullptr;
    }
    Reader reader(e, static_cast<size_t>(end));
    const bool done = reader.run();
    if (done && argc && reader.last_made()) {
      Slot& s = *reader.last_made();
      napi_ref weak;
      if (s.id && !s.weak && napi_create_reference(env, owner, 0, &weak) == napi_ok) {
        s.weak = weak;
        e.newborn.push_back(s.id);
      }
    }
    e.commands[1] = static_cast<double>(e.slots.blocks().live_bytes());
    e.commands[2] = e.stream.work();
    return nullptr;
  });
}

}  // namespace tenon
