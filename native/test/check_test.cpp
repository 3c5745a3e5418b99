// The wall before the kernels: launches that fit are let through, whatever does not fit is turned away with a
// reason. Rows of ops.def that work element by element or reduce are tried without an edit here.
#include "core/check.h"

#include <functional>
#include <memory>

#include "test/tensors.h"

using namespace test;

namespace {

/** A launch and its operands. */
struct Sample {
  std::vector<std::unique_ptr<Array>> arrays;
  Call call;

  Sample(Op op, DType compute) : call{op, compute, {}, {}, {}} {}
  Sample(Sample&&) = default;
  Sample& operator=(Sample&&) = default;

  TensorView array(DType t, const Sizes& shape, Layout layout = Layout::dense) {
    arrays.push_back(std::make_unique<Array>(t, shape, layout));
    arrays.back()->fill(1);
    return arrays.back()->view();
  }
  TensorView strided(DType t, const Sizes& shape, const Sizes& strides) {
    arrays.push_back(std::make_unique<Array>(t, shape, strides));
    arrays.back()->fill(1);
    return arrays.back()->view();
  }
  Sample& out(DType t, const Sizes& shape, Layout layout = Layout::dense) {
    call.outputs.push_back(array(t, shape, layout));
    return *this;
  }
  Sample& in(DType t, const Sizes& shape, Layout layout = Layout::dense) {
    call.inputs.push_back(array(t, shape, layout));
    return *this;
  }
  Sample& scalars(std::vector<double> values) {
    call.scalars = std::move(values);
    return *this;
  }
};

LaunchError verdict(const Call& call) {
  Prepared prepared(call);
  LaunchError error;
  const bool passed = check(prepared.launch, error);
  if (passed != !error) fail(__FILE__, __LINE__, "check() and its error disagree");
  return error;
}

void expect_good(int line, const Call& call) {
  const LaunchError error = verdict(call);
  checks++;
  if (error) fail(__FILE__, line, "a good launch was refused: %s", error.message);
}

/** Refused, with the code and a message that begins with the op's name. */
void expect_bad(int line, const Call& call, ErrorCode code) {
  const LaunchError error = verdict(call);
  const std::string name = std::string(op_name(static_cast<int>(call.op))) + ": ";
  checks++;
  if (error.code != code || std::string(error.message).compare(0, name.size(), name))
    fail(__FILE__, line, "expected %sto be refused with code %d, got code %d: %s", name.c_str(),
         static_cast<int>(code), static_cast<int>(error.code), error.message);
}

#define EXPECT_GOOD(call) expect_good(__LINE__, call)
#define EXPECT_BAD(call, code) expect_bad(__LINE__, call, ErrorCode::code)

Sample sgd(int parameters, bool momentum) {
  Sample s(Op::sgd, DType::f32);
  for (int i = 0; i < parameters; i++) s.out(DType::f32, {3, i + 1});
  for (int i = 0; momentum && i < parameters; i++) s.out(DType::f32, {3, i + 1});
  for (int i = 0; i < parameters; i++) s.in(DType::f32, {3, i + 1}, Layout::transposed);
  s.scalars({0.1, momentum ? 0.9 : 0, 0, 0, 0, 0, 1});
  return s;
}

Sample adam(int parameters, bool amsgrad) {
  Sample s(Op::adam, DType::f32);
  for (int k = 0; k < (amsgrad ? 4 : 3); k++)
    for (int i = 0; i < parameters; i++) s.out(DType::f32, {3, i + 1});
  for (int i = 0; i < parameters; i++) s.in(DType::f32, {3, i + 1}, Layout::transposed);
  s.scalars({0.1, 0.9, 0.99, 1e-8, 0, 0, amsgrad ? 1.0 : 0.0, 0, 1});
  return s;
}

/** A step of another optimizer than these. */
Sample step(Op op, int states, std::vector<double> scalars) {
  Sample s(op, DType::f32);
  for (int k = 0; k <= states; k++)
    for (int i = 0; i < 2; i++) s.out(DType::f32, {3, i + 1});
  for (int i = 0; i < 2; i++) s.in(DType::f32, {3, i + 1}, Layout::transposed);
  s.scalars(std::move(scalars));
  return s;
}

std::vector<Sample> step_samples() {
  std::vector<Sample> all;
  all.push_back(step(Op::nadam, 2, {0, 0, 1, 0.9, 0.99, 1e-8, 0.01, 0.1, 0.1}));
  all.push_back(step(Op::radam, 2, {0, 0, 1, 0.9, 0.99, 1e-8, 0.1, 1}));
  all.push_back(step(Op::adamax, 2, {0, 0, 0.9, 0.99, 1e-8, 0.1}));
  all.push_back(step(Op::adagrad, 1, {0, 0, 1e-8, 0.1}));
  all.push_back(step(Op::adadelta, 2, {0, 0, 0.9, 1e-8, 1}));
  for (bool momentum : {false, true})
    for (bool centered : {false, true})
      all.push_back(step(Op::rmsprop, 1 + momentum + centered,
                         {0, 0, 0.9, 1e-8, 0.1, momentum ? 0.5 : 0, centered ? 1.0 : 0}));
  all.push_back(step(Op::rprop, 2, {0, 0, 0.5, 1.2, 1e-6, 50}));
  all.push_back(step(Op::asgd, 1, {0, 0, 1, 0.1, 1}));
  return all;
}

Sample nll(bool backward, bool weighted, int reduction) {
  Sample s(backward ? Op::nllLossBackward : Op::nllLoss, DType::f32);
  const Sizes result = reduction == 0 ? Sizes{4, 2} : Sizes{};
  if (backward)
    s.out(DType::f32, {4, 5, 2}).in(DType::f32, result).in(DType::i64, {4, 2}).in(DType::f32, {});
  else
    s.out(DType::f32, result).out(DType::f32, {}).in(DType::f32, {4, 5, 2}).in(DType::i64, {4, 2});
  if (weighted) s.in(DType::f32, {5});
  return std::move(s.scalars({-100, static_cast<double>(reduction)}));
}

Sample simple(Op op, std::vector<std::pair<DType, Sizes>> outputs,
              std::vector<std::pair<DType, Sizes>> inputs, std::vector<double> scalars,
              DType compute = DType::f32) {
  Sample s(op, compute);
  for (const auto& [t, shape] : outputs) s.out(t, shape);
  for (const auto& [t, shape] : inputs) s.in(t, shape);
  s.scalars(std::move(scalars));
  return s;
}

/** Launches that scan, order and search. */
std::vector<Sample> lane_samples() {
  constexpr DType f = DType::f32, i = DType::i64;
  std::vector<Sample> all;
  const auto add = [&](Sample&& s) { all.push_back(std::move(s)); };
  const Sizes shape = {2, 3, 4}, one = {2, 1, 4};
  add(simple(Op::cumsum, {{f, shape}}, {{f, shape}}, {1, 0}));
  for (Op op : {Op::cumprod, Op::logcumsumexp}) add(simple(op, {{f, shape}}, {{f, shape}}, {1}));
  add(simple(Op::linearScan, {{f, shape}}, {{f, shape}, {f, shape}}, {2, 1}));
  for (Op op : {Op::cummax, Op::cummin}) add(simple(op, {{f, shape}, {i, shape}}, {{f, shape}}, {0}));
  add(simple(Op::sort, {{f, shape}, {i, shape}}, {{f, shape}}, {1, 0}));
  add(simple(Op::topk, {{f, {2, 2, 4}}, {i, {2, 2, 4}}}, {{f, shape}}, {1, 1, 1}));
  add(simple(Op::kthvalue, {{f, one}, {i, one}}, {{f, shape}}, {1, 2}));
  add(simple(Op::median, {{f, one}, {i, one}}, {{f, shape}}, {1, 0}));
  add(simple(Op::mode, {{f, one}, {i, one}}, {{f, shape}}, {1}));
  add(simple(Op::sortRows, {{i, {3}}}, {{f, {3, 4}}}, {}));
  add(simple(Op::nonzero, {{i, {24, 3}}}, {{f, shape}}, {}));
  add(simple(Op::searchsorted, {{i, {2, 3}}}, {{f, {4}}, {f, {2, 3}}}, {0}));
  add(simple(Op::searchsorted, {{i, {2, 3}}}, {{f, {2, 4}}, {f, {2, 3}}}, {1}));
  add(simple(Op::bincount, {{f, {5}}}, {{i, {3}}, {f, {3}}}, {}));
  add(simple(Op::histc, {{f, {5}}}, {{f, shape}}, {0, 1}));
  return all;
}

/** Launches of the KERNEL rows that fit. */
std::vector<Sample> kernel_samples() {
  constexpr DType f = DType::f32, i = DType::i64, b = DType::boolean;
  std::vector<Sample> all;
  const auto add = [&](Sample&& s) { all.push_back(std::move(s)); };
  add(simple(Op::fill, {{f, {2, 3}}}, {}, {7}));
  add(simple(Op::copy, {{f, {2, 3}}}, {{i, {3}}}, {}));
  add(simple(Op::copyParts, {{f, {2, 3}}, {f, {2, 1}}}, {{i, {2, 3}}, {f, {2, 1}}}, {}));
  add(simple(Op::where, {{f, {2, 3}}}, {{b, {2, 1}}, {f, {3}}, {f, {}}}, {}));
  add(simple(Op::arange, {{f, {5}}}, {}, {0, 1}));
  add(simple(Op::eye, {{f, {5, 4}}}, {}, {}));
  add(simple(Op::tril, {{f, {2, 3, 4}}}, {{f, {2, 3, 4}}}, {1}));
  add(simple(Op::triu, {{f, {3, 4}}}, {{f, {3, 4}}}, {-1}));
  add(simple(Op::indexSelect, {{f, {4, 3}}}, {{f, {2, 3}}, {i, {4}}}, {0}));
  add(simple(Op::indexAdd, {{f, {2, 3}}}, {{f, {4, 3}}, {i, {4}}}, {0}));
  add(simple(Op::uniform, {{f, {5}}}, {}, {1, 2, 0, 0, 1}));
  add(simple(Op::normal, {{f, {5}}}, {}, {1, 2, 0, 0, 1}));
  add(simple(Op::randint, {{i, {5}}}, {}, {1, 2, 0, 0, 10}, DType::i64));
  add(simple(Op::randperm, {{i, {5}}}, {}, {1, 2, 0}, DType::i64));
  add(simple(Op::multinomial, {{i, {4}}}, {{f, {3}}, {DType::f64, {4}}}, {1}, DType::i64));
  add(simple(Op::multinomial, {{i, {2, 2}}}, {{f, {2, 3}}, {DType::f64, {2, 3}}}, {0}, DType::i64));
  add(simple(Op::matmul, {{f, {2, 3, 4}}}, {{f, {2, 3, 5}}, {f, {5, 4}}}, {0, 0}));
  add(simple(Op::matmul, {{f, {3, 4}}}, {{f, {5, 3}}, {f, {4, 5}}}, {1, 1}));
  add(simple(Op::linear, {{f, {2, 4}}}, {{f, {2, 3}}, {f, {4, 3}}}, {0}));
  add(simple(Op::linear, {{f, {6, 2, 4}}}, {{f, {6, 2, 3}}, {f, {4, 3}}, {f, {4}}}, {3}));
  add(simple(Op::linear, {{f, {4}}}, {{f, {3}}, {f, {4, 3}}, {f, {4}}}, {1}));
  add(simple(Op::linearBackward, {{f, {2, 3}}, {f, {4, 3}}, {f, {4}}},
             {{f, {2, 4}}, {f, {2, 3}}, {f, {4, 3}}}, {1, 1, 1}));
  add(simple(Op::linearBackward, {{f, {4, 3}}}, {{f, {2, 4}}, {f, {2, 3}}, {f, {4, 3}}}, {0, 1, 0}));
  for (Op op : {Op::softmax, Op::logSoftmax}) add(simple(op, {{f, {2, 3}}}, {{f, {2, 3}}}, {1}));
  for (Op op : {Op::softmaxBackward, Op::logSoftmaxBackward})
    add(simple(op, {{f, {2, 3}}}, {{f, {2, 3}}, {f, {2, 3}}}, {0}));
  for (bool backward : {false, true})
    for (bool weighted : {false, true})
      for (int reduction : {0, 1, 2}) add(nll(backward, weighted, reduction));
  for (double reduction : {1, 2}) {
    add(simple(Op::mseLoss, {{f, {}}}, {{f, {2, 3}}, {f, {2, 3}}}, {reduction}));
    add(simple(Op::mseLossBackward, {{f, {2, 3}}}, {{f, {}}, {f, {2, 3}}, {f, {2, 3}}}, {reduction}));
  }
  add(sgd(3, false));
  add(sgd(2, true));
  add(adam(3, false));
  add(adam(2, true));
  for (Sample& s : step_samples()) add(std::move(s));
  add(simple(Op::totalNorm, {{f, {}}}, {{f, {2, 3}}, {f, {}}, {f, {0}}}, {}));
  add(simple(Op::clipToNorm, {{f, {2, 3}}, {f, {}}}, {{f, {}}}, {1}));
  add(simple(Op::unscale, {{f, {}}, {f, {2, 3}}, {f, {4}}}, {}, {0.5}));
  for (Sample& s : lane_samples()) add(std::move(s));
  return all;
}

struct Row {
  Op op;
  const char* kind;
  unsigned types;
  int outputs, inputs, scalars;
};

constexpr unsigned bit(DType t) { return 1u << static_cast<int>(t); }
constexpr unsigned FLOAT = bit(DType::f32) | bit(DType::f64), INTEGER = bit(DType::i32) | bit(DType::i64),
                   NUMERIC = FLOAT | INTEGER;

const Row rows[] = {
#define UNARY(name, types, scalars) {Op::name, "unary", types, 1, 1, scalars},
#define PREDICATE(name, types) {Op::name, "predicate", types, 1, 1, 0},
#define BINARY(name, types, scalars) {Op::name, "binary", types, 1, 2, scalars},
#define COMPARE(name, types) {Op::name, "compare", types, 1, 2, 0},
#define REDUCE(name, types, outputs) {Op::name, "reduce", types, outputs, 1, -1},
#define KERNEL(name, outputs, inputs, scalars) {Op::name, "kernel", NUMERIC, outputs, inputs, scalars},
#include "ops.def"
};

bool is(const Row& row, const char* kind) { return !std::strcmp(row.kind, kind); }
bool gives_bools(const Row& row) {
  return is(row, "predicate") || is(row, "compare") || row.op == Op::all || row.op == Op::any;
}
bool elementwise(const Row& row) { return !is(row, "reduce") && !is(row, "kernel"); }
DType first_type(const Row& row) { return row.types & FLOAT ? DType::f32 : DType::i32; }

/** Whether a reduction's last output is a place. */
bool places(Op op) { return op == Op::argmax || op == Op::argmin || op == Op::max || op == Op::min; }

Sample elementwise_sample(const Row& row, const Sizes& shape, const Sizes& x, const Sizes& y) {
  const DType t = first_type(row);
  Sample s(row.op, t);
  s.out(gives_bools(row) ? DType::boolean : t, shape).in(t, x);
  if (row.inputs == 2) s.in(t, y);
  s.scalars(std::vector<double>(static_cast<size_t>(row.scalars), 1));
  return s;
}

Sample reduce_sample(const Row& row, const Sizes& shape, std::vector<double> dims, const Sizes& result) {
  const DType t = first_type(row);
  Sample s(row.op, t);
  for (int i = 0; i < row.outputs; i++)
    s.out(gives_bools(row)                         ? DType::boolean
          : places(row.op) && i == row.outputs - 1 ? DType::i64
                                                   : t,
          result);
  s.in(t, shape).scalars(std::move(dims));
  return s;
}

std::vector<Sample> samples_of(const Row& row) {
  std::vector<Sample> all;
  if (is(row, "kernel")) {
    for (Sample& s : kernel_samples())
      if (s.call.op == row.op) all.push_back(std::move(s));
  } else if (is(row, "reduce")) {
    all.push_back(reduce_sample(row, {2, 3, 4}, {1}, {2, 4}));
  } else {
    all.push_back(elementwise_sample(row, {2, 3}, {2, 3}, {3}));
  }
  return all;
}

}  // namespace

TEST("launches that fit are let through, with operands in any layout") {
  std::string missing;
  for (const Row& row : rows) {
    const std::vector<Sample> samples = samples_of(row);
    if (samples.empty()) missing += std::string(" ") + op_name(static_cast<int>(row.op));
    for (const Sample& s : samples) EXPECT_GOOD(s.call);
    if (!elementwise(row)) continue;
    const Sizes any[] = {{}, {1}, {0}, {2, 3}, {1, 0, 5}, Sizes(64, 1), {5, 1, 4}};
    for (const Sizes& shape : any) {
      EXPECT_GOOD(elementwise_sample(row, shape, shape, shape).call);
      EXPECT_GOOD(elementwise_sample(row, shape, {}, shape).call);
      EXPECT_GOOD(elementwise_sample(row, shape, shape, {}).call);
      for (Layout layout : kLayouts) {
        const DType t = first_type(row);
        Sample s(row.op, t);
        s.out(gives_bools(row) ? DType::boolean : t, shape, layout).in(t, shape, layout);
        if (row.inputs == 2) s.in(t, shape, layout);
        EXPECT_GOOD(s.scalars(std::vector<double>(static_cast<size_t>(row.scalars), 1)).call);
      }
    }
  }
  if (!missing.empty()) note("no sample launch for:%s", missing.c_str());
}

TEST("a wrong number of operands or scalars is refused") {
  for (const Row& row : rows)
    for (const Sample& s : samples_of(row)) {
      About about("%s", op_name(static_cast<int>(row.op)));
      Call call = s.call;
      if (row.outputs >= 0) {
        call.outputs.push_back(call.outputs.back());
        EXPECT_BAD(call, internal);
        call.outputs.clear();
        EXPECT_BAD(call, internal);
      }
      call = s.call;
      if (row.inputs >= 0) {
        call.inputs.push_back(call.outputs[0]);
        EXPECT_BAD(call, internal);
        call.inputs.clear();
        if (row.inputs > 0) EXPECT_BAD(call, internal);
      }
      call = s.call;
      if (row.scalars >= 0) {
        call.scalars.push_back(1);
        EXPECT_BAD(call, internal);
        call.scalars.clear();
        if (row.scalars > 0) EXPECT_BAD(call, internal);
      }
    }
  // Where any number fits the row, it does not fit the rest of the launch.
  for (bool momentum : {false, true}) {
    Sample s = sgd(2, momentum);
    s.call.outputs.pop_back();
    EXPECT_BAD(s.call, internal);
    s = sgd(2, momentum);
    s.call.inputs.pop_back();
    EXPECT_BAD(s.call, internal);
    s = sgd(2, momentum);
    s.call.scalars[1] = momentum ? 0 : 0.5;
    EXPECT_BAD(s.call, internal);
  }
  for (bool backward : {false, true}) {
    Sample s = nll(backward, true, 1);
    s.call.inputs.push_back(s.call.inputs.back());
    EXPECT_BAD(s.call, internal);
    s = nll(backward, false, 1);
    s.call.inputs.pop_back();
    EXPECT_BAD(s.call, internal);
    s.call.inputs.clear();
    EXPECT_BAD(s.call, internal);
  }
  EXPECT_BAD(simple(Op::copyParts, {{DType::f32, {3}}, {DType::f32, {3}}}, {{DType::f32, {3}}}, {}).call,
             internal);
  Sample linear = simple(Op::linear, {{DType::f32, {2, 4}}}, {{DType::f32, {2, 3}}}, {0});
  EXPECT_BAD(linear.call, internal);
  linear.in(DType::f32, {4, 3}).in(DType::f32, {4}).in(DType::f32, {4});
  EXPECT_BAD(linear.call, internal);
  Sample backward = simple(Op::linearBackward, {{DType::f32, {2, 3}}},
                           {{DType::f32, {2, 4}}, {DType::f32, {2, 3}}, {DType::f32, {4, 3}}}, {1, 1, 0});
  EXPECT_BAD(backward.call, internal);
}

TEST("compute types that a row does not have are refused, and those that do not compute") {
  for (const Row& row : rows)
    for (const Sample& s : samples_of(row))
      for (int t = 0; t < 16; t++) {
        About about("%s in type %d", op_name(static_cast<int>(row.op)), t);
        Call call = s.call;
        call.compute = static_cast<DType>(t);
        if (!(row.types >> t & 1)) EXPECT_BAD(call, dtype);
      }
}

TEST("rows that give bools or places have outputs of these types only") {
  for (const Row& row : rows)
    for (DType t : kDTypes)
      for (Sample& s : samples_of(row)) {
        About about("%s to %s", op_name(static_cast<int>(row.op)), dtype_name(t));
        const Sizes shape(s.call.outputs[0].shape, s.call.outputs[0].shape + s.call.outputs[0].rank);
        if (gives_bools(row)) {
          s.call.outputs[0] = s.array(t, shape);
          if (t != DType::boolean) EXPECT_BAD(s.call, dtype);
        } else if (is(row, "reduce") && places(row.op)) {
          s.call.outputs[static_cast<size_t>(row.outputs - 1)] = s.array(t, shape);
          if (t != DType::i64) EXPECT_BAD(s.call, dtype);
        }
      }
}

TEST("operands that do not broadcast to the output are refused") {
  for (const Row& row : rows) {
    if (!elementwise(row) && row.op != Op::copy && row.op != Op::where) continue;
    const std::pair<Sizes, Sizes> misfits[] = {
        {{2, 3}, {2, 4}}, {{2, 3}, {3, 3}}, {{2, 3}, {2}},    {{3}, {1, 3}},       {{3}, {2, 3}},   {{}, {1}},
        {{0}, {2}},       {{1}, {2}},       {{1, 3}, {2, 3}}, {{2, 3}, {2, 3, 1}}, {{2, 0}, {2, 3}}};
    for (const auto& [shape, input] : misfits)
      for (int k = 0; k < row.inputs; k++) {
        About about("%s, operand %d", op_name(static_cast<int>(row.op)), k);
        const bool where = row.op == Op::where;
        Sample s(row.op, first_type(row));
        s.out(gives_bools(row) ? DType::boolean : first_type(row), shape);
        for (int i = 0; i < row.inputs; i++)
          s.in(where && i == 0 ? DType::boolean : first_type(row), i == k ? input : shape);
        s.scalars(std::vector<double>(static_cast<size_t>(row.scalars), 1));
        EXPECT_BAD(s.call, shape);
      }
  }
}

TEST("more than 64 dimensions are refused") {
  for (const Row& row : rows) {
    if (!elementwise(row)) continue;
    const Sizes ones(65, 1);
    EXPECT_BAD(elementwise_sample(row, ones, {}, {}).call, shape);
    EXPECT_BAD(elementwise_sample(row, {2, 3}, ones, {}).call, shape);
  }
  for (const Row& row : rows)
    if (is(row, "reduce")) EXPECT_BAD(reduce_sample(row, Sizes(200, 1), {0}, {}).call, shape);
}

TEST("outputs whose elements share memory are refused") {
  const struct {
    Sizes shape, strides;
    bool shares;
  } forms[] = {
      {{3, 4}, {4, 1}, false},
      {{3, 4}, {1, 3}, false},
      {{3, 4}, {0, 1}, true},
      {{3, 4}, {1, 0}, true},
      {{3, 4}, {0, 0}, true},
      {{3}, {0}, true},
      {{1, 4}, {0, 1}, false},
      {{1}, {0}, false},
      {{3, 4}, {1, 1}, true},
      {{3, 2}, {1, 1}, true},
      {{3, 4}, {3, 1}, true},
      {{3, 4}, {-4, -1}, false},
      {{3, 4}, {-4, 1}, false},
      {{3, 4}, {8, 2}, false},
      {{0, 4}, {0, 0}, false},
      {{3, 4, 2}, {8, 2, 1}, false},
      {{3, 4, 2}, {8, 2, 0}, true},
      {{2, 2}, {1, -1}, true},
      {{4}, {5}, false},
      {{2, 3, 4}, {1, 2, 6}, false},
  };
  for (const Row& row : rows) {
    if (!elementwise(row) && row.op != Op::copy && row.op != Op::uniform && row.op != Op::fill) continue;
    for (const auto& form : forms) {
      About about("%s, strides %lld...", op_name(static_cast<int>(row.op)),
                  static_cast<long long>(form.strides[0]));
      Sample s(row.op, first_type(row));
      s.call.outputs.push_back(
          s.strided(gives_bools(row) ? DType::boolean : first_type(row), form.shape, form.strides));
      for (int i = 0; i < row.inputs; i++) s.in(first_type(row), form.shape);
      s.scalars(std::vector<double>(static_cast<size_t>(row.scalars), 1));
      if (form.shares && row.op != Op::fill)
        EXPECT_BAD(s.call, argument);
      else
        EXPECT_GOOD(s.call);
    }
  }
}

TEST("an output may be an input only as the same tensor, and only where elements are worked on one by one") {
  Array memory(DType::f32, {100});
  memory.fill(1);
  const int64_t twenty = 20, one = 1;
  const auto part = [&](int64_t first) {
    TensorView v = memory.view();
    v.data = memory.at(first);
    v.shape = &twenty;
    v.strides = &one;
    v.numel = 20;
    return v;
  };
  for (const Row& row : rows) {
    if (!elementwise(row) || gives_bools(row) || !(row.types & FLOAT)) continue;
    Call call{
        row.op, DType::f32, {part(0)}, {part(0)}, std::vector<double>(static_cast<size_t>(row.scalars), 1)};
    if (row.inputs == 2) call.inputs.push_back(part(0));
    EXPECT_GOOD(call);
    call.inputs.back() = part(20);
    EXPECT_GOOD(call);
    for (int64_t off : {1, 7, 19}) {
      call.inputs.back() = part(off);
      EXPECT_BAD(call, argument);
    }
    call.outputs[0] = part(10);
    call.inputs.back() = part(0);
    EXPECT_BAD(call, argument);
    call.inputs.back() = part(10);
    call.inputs.back().dtype = DType::i32;  // the same bytes, but another type
    if (row.inputs == 1) EXPECT_BAD(call, argument);
  }
  const Sizes square = {4, 5};
  TensorView a = part(0), b = part(40);
  const int64_t strides[] = {5, 1};
  for (TensorView* v : {&a, &b}) v->shape = square.data(), v->strides = strides, v->rank = 2;
  for (Op op : {Op::softmax, Op::logSoftmax}) {
    EXPECT_GOOD((Call{op, DType::f32, {a}, {a}, {1}}));
    EXPECT_GOOD((Call{op, DType::f32, {a}, {b}, {1}}));
  }
  EXPECT_GOOD((Call{Op::tril, DType::f32, {a}, {a}, {0}}));
  const int64_t four[] = {4, 4}, dense[] = {4, 1};
  TensorView c = part(0), d = part(40), e = part(60);
  for (TensorView* v : {&c, &d, &e}) v->shape = four, v->strides = dense, v->rank = 2, v->numel = 16;
  EXPECT_GOOD((Call{Op::matmul, DType::f32, {c}, {d, e}, {0, 0}}));
  EXPECT_GOOD((Call{Op::matmul, DType::f32, {c}, {d, d}, {0, 0}}));
  EXPECT_BAD((Call{Op::matmul, DType::f32, {c}, {c, d}, {0, 0}}), argument);
  EXPECT_BAD((Call{Op::matmul, DType::f32, {c}, {d, c}, {0, 0}}), argument);
  EXPECT_BAD((Call{Op::linearBackward, DType::f32, {c, c}, {d, d, e}, {1, 1, 0}}), argument);
  TensorView index = part(0);
  index.dtype = DType::i64;
  index.numel = 4;
  index.shape = four;
  EXPECT_BAD((Call{Op::indexAdd, DType::f32, {c}, {c, index}, {0}}), argument);
}

TEST("views must stay within their storage") {
  const auto fits = [](int64_t bytes, DType t, int64_t offset, const Sizes& shape, const Sizes& strides) {
    const int rank = static_cast<int>(shape.size());
    return view_fits(bytes, t, offset, rank, shape.data(), strides.data(), checked_numel(shape.data(), rank));
  };
  constexpr DType f = DType::f32;
  const int64_t huge = int64_t{1} << 53;
  CHECK(fits(400, f, 0, {100}, {1}));
  CHECK(fits(400, f, 0, {10, 10}, {10, 1}));
  CHECK(fits(400, f, 99, {}, {}));
  CHECK(fits(400, f, 99, {10, 10}, {-10, -1}));
  CHECK(fits(400, f, 9, {10, 10}, {10, -1}));
  CHECK(fits(400, f, 5, {1000, 1000}, {0, 0}));
  CHECK(fits(400, f, 0, {10}, {11}));
  CHECK(fits(400, f, 99, {1}, {huge}));
  CHECK(fits(400, f, 99, {1}, {-huge}));
  CHECK(fits(400, DType::i8, 399, {1}, {1}));
  CHECK(fits(400, DType::f64, 49, {1}, {1}));
  CHECK(fits(0, f, 0, {0}, {1}));
  CHECK(fits(400, f, 100, {0, 5}, {huge, -huge}));
  CHECK(fits(7, DType::f32, 0, {1}, {1}));

  CHECK(!fits(400, f, 0, {101}, {1}));
  CHECK(!fits(400, f, 1, {100}, {1}));
  CHECK(!fits(399, f, 0, {100}, {1}));
  CHECK(!fits(400, f, 100, {}, {}));
  CHECK(!fits(400, f, -1, {}, {}));
  CHECK(!fits(400, f, -1, {2}, {1}));
  CHECK(!fits(400, f, 98, {10, 10}, {-10, -1}));
  CHECK(!fits(400, f, 0, {2}, {-1}));
  CHECK(!fits(400, f, 9, {10, 11}, {9, -1}));
  CHECK(!fits(400, f, 0, {11}, {10}));
  CHECK(!fits(400, f, 0, {2}, {huge}));
  CHECK(!fits(400, f, 50, {2}, {-huge}));
  CHECK(!fits(400, f, 0, {2}, {INT64_MAX}));
  CHECK(!fits(400, f, 0, {2}, {INT64_MIN}));
  CHECK(!fits(400, f, 50, {2, 2}, {INT64_MAX, INT64_MIN}));  // the two don't make up for each other
  CHECK(!fits(400, f, 0, {huge}, {huge}));
  CHECK(!fits(400, f, INT64_MAX, {}, {}));
  CHECK(!fits(400, f, INT64_MIN, {}, {}));
  CHECK(!fits(0, f, 0, {}, {}));
  CHECK(!fits(3, f, 0, {1}, {1}));
  CHECK(!fits(400, DType::f64, 50, {1}, {1}));
  CHECK(!fits(400, f, 101, {0}, {1}));
  CHECK(!fits(400, f, -1, {0}, {1}));
  CHECK(!fits(400, f, 0, {huge, huge}, {0, 0}));  // more elements than a number can count
  CHECK(!fits(400, f, 0, {-1}, {1}));
  CHECK(!fits(400, f, 0, Sizes(65, 1), Sizes(65, 1)));
}

TEST("reductions: dimensions in order, once, and an output of what stays") {
  const double none = std::nan("");
  for (const Row& row : rows) {
    if (!is(row, "reduce")) continue;
    About about("%s", op_name(static_cast<int>(row.op)));
    const bool one = row.outputs == 2;  // reduces one dimension
    EXPECT_GOOD(reduce_sample(row, {2, 3, 4}, {0}, {3, 4}).call);
    EXPECT_GOOD(reduce_sample(row, {2, 3, 4}, {2}, {2, 3, 1}).call);
    EXPECT_GOOD(reduce_sample(row, {}, {}, {}).call);
    if (!one) {
      EXPECT_GOOD(reduce_sample(row, {2, 3, 4}, {0, 1, 2}, {}).call);
      EXPECT_GOOD(reduce_sample(row, {2, 3, 4}, {0, 2}, {3}).call);
      EXPECT_GOOD(reduce_sample(row, {2, 3, 4}, {}, {2, 3, 4}).call);
      EXPECT_BAD(reduce_sample(row, {2, 3, 4}, {2, 0}, {3}).call, index);
      EXPECT_BAD(reduce_sample(row, {2, 3, 4, 5}, {0, 3, 2}, {3}).call, index);
      EXPECT_BAD(reduce_sample(row, {2, 2, 2}, {1, 1}, {2, 2}).call, index);
    }
    for (double dim : {-1.0, 3.0, 1.5, none, 1e300, -1e300})
      EXPECT_BAD(reduce_sample(row, {2, 3, 4}, {dim}, {2, 4}).call, index);
    EXPECT_BAD(reduce_sample(row, {}, {0}, {}).call, index);
    EXPECT_BAD(reduce_sample(row, {2, 3, 4}, {1}, {2, 3}).call, shape);
    EXPECT_BAD(reduce_sample(row, {2, 3, 4}, {1}, {}).call, shape);
    EXPECT_BAD(reduce_sample(row, {2, 3, 4}, {1}, {2, 3, 4}).call, shape);
    if (one) EXPECT_BAD(reduce_sample(row, {2, 3, 4}, {0, 1}, {4}).call, shape);
    // Nothing to reduce has a value only where there is an identity.
    const bool identity = !places(row.op) && row.op != Op::amax && row.op != Op::amin;
    if (identity)
      EXPECT_GOOD(reduce_sample(row, {2, 0}, {1}, {2}).call);
    else
      EXPECT_BAD(reduce_sample(row, {2, 0}, {1}, {2}).call, shape);
    EXPECT_GOOD(reduce_sample(row, {2, 0}, {0}, {0}).call);
    // What stays may be more than a number can count: 3 times its inverse modulo 2^64 would be 1.
    EXPECT_BAD(reduce_sample(row, {0, 3, 0x5555555555LL * 3, 1 << 24, 1 << 30}, {0}, {}).call, shape);
    EXPECT_BAD(reduce_sample(row, {0, int64_t{1} << 32, int64_t{1} << 32}, {0}, {0}).call, shape);
    // Outputs are dense.
    Sample s = reduce_sample(row, {2, 3, 4}, {1}, {2, 4});
    s.call.outputs[0] = s.array(s.call.outputs[0].dtype, {2, 4}, Layout::gaps);
    EXPECT_BAD(s.call, shape);
  }
}

TEST("kernels of their own kind: shapes, dtypes and scalars that do not fit") {
  constexpr DType f = DType::f32, d = DType::f64, i = DType::i64, b = DType::boolean;
  const double none = std::nan("");
  using List = std::vector<std::pair<DType, Sizes>>;
  const auto bad_shape = [&](Op op, List out, List in, std::vector<double> scalars) {
    About about("%s", op_name(static_cast<int>(op)));
    EXPECT_BAD(simple(op, std::move(out), std::move(in), std::move(scalars)).call, shape);
  };
  const auto bad_dtype = [&](Op op, List out, List in, std::vector<double> scalars,
                             DType compute = DType::f32) {
    About about("%s", op_name(static_cast<int>(op)));
    EXPECT_BAD(simple(op, std::move(out), std::move(in), std::move(scalars), compute).call, dtype);
  };
  const auto bad_index = [&](Op op, List out, List in, std::vector<double> scalars) {
    About about("%s", op_name(static_cast<int>(op)));
    EXPECT_BAD(simple(op, std::move(out), std::move(in), std::move(scalars)).call, index);
  };
  const auto bad_argument = [&](Op op, List out, List in, std::vector<double> scalars) {
    About about("%s", op_name(static_cast<int>(op)));
    EXPECT_BAD(simple(op, std::move(out), std::move(in), std::move(scalars)).call, argument);
  };

  bad_dtype(Op::where, {{f, {3}}}, {{f, {3}}, {f, {3}}, {f, {3}}}, {});
  bad_dtype(Op::where, {{f, {3}}}, {{b, {3}}, {d, {3}}, {f, {3}}}, {});
  bad_dtype(Op::where, {{f, {3}}}, {{b, {3}}, {f, {3}}, {d, {3}}}, {});
  bad_shape(Op::copyParts, {{f, {2, 3}}, {f, {2, 1}}}, {{f, {2, 3}}, {f, {2, 2}}}, {});
  bad_shape(Op::copyParts, {{f, {2, 3}}}, {{f, {3}}}, {});
  bad_dtype(Op::copyParts, {{f, {2, 3}}, {d, {2, 1}}}, {{f, {2, 3}}, {f, {2, 1}}}, {});
  bad_shape(Op::eye, {{f, {3}}}, {}, {});
  bad_shape(Op::eye, {{f, {3, 3, 3}}}, {}, {});
  bad_shape(Op::arange, {{f, {3, 3}}}, {}, {0, 1});
  bad_shape(Op::arange, {{f, {}}}, {}, {0, 1});
  bad_shape(Op::randperm, {{f, {3, 3}}}, {}, {0, 1, 2});
  bad_dtype(Op::uniform, {{i, {3}}}, {}, {0, 0, 0, 0, 1});
  bad_dtype(Op::normal, {{b, {3}}}, {}, {0, 0, 0, 0, 1});
  bad_shape(Op::multinomial, {{i, {4}}}, {{f, {3}}, {d, {3}}}, {0});
  bad_shape(Op::multinomial, {{i, {4}}}, {{f, {3}}, {d, {3}}}, {1});
  bad_shape(Op::multinomial, {{i, {3, 2}}}, {{f, {2, 3}}, {d, {2, 3}}}, {0});
  bad_shape(Op::multinomial, {{i, {}}}, {{f, {}}, {d, {}}}, {1});
  bad_dtype(Op::multinomial, {{i, {2}}}, {{f, {3}}, {f, {3}}}, {0});
  bad_dtype(Op::multinomial, {{f, {2}}}, {{f, {3}}, {d, {3}}}, {0});
  for (Op op : {Op::tril, Op::triu}) {
    bad_shape(op, {{f, {3}}}, {{f, {3}}}, {0});
    bad_shape(op, {{f, {3, 4}}}, {{f, {4, 3}}}, {0});
    bad_shape(op, {{f, {3, 4}}}, {{f, {1, 3, 4}}}, {0});
    bad_dtype(op, {{f, {3, 4}}}, {{d, {3, 4}}}, {0});
    for (Layout layout : {Layout::transposed, Layout::gaps, Layout::reversed}) {
      Sample s(op, f);
      EXPECT_BAD(s.out(f, {3, 4}, layout).in(f, {3, 4}).scalars({0}).call, shape);
    }
  }
  {
    Sample sequence(Op::arange, f), order(Op::randperm, f);
    EXPECT_BAD(sequence.out(f, {4}, Layout::gaps).scalars({0, 1}).call, shape);
    EXPECT_BAD(order.out(f, {4}, Layout::gaps).scalars({0, 1, 2}).call, shape);
  }

  bad_dtype(Op::indexSelect, {{f, {4, 3}}}, {{f, {2, 3}}, {f, {4}}}, {0});
  bad_dtype(Op::indexSelect, {{f, {4, 3}}}, {{d, {2, 3}}, {i, {4}}}, {0});
  bad_shape(Op::indexSelect, {{f, {4, 3}}}, {{f, {2, 3}}, {i, {2, 2}}}, {0});
  bad_shape(Op::indexSelect, {{f, {5, 3}}}, {{f, {2, 3}}, {i, {4}}}, {0});
  bad_shape(Op::indexSelect, {{f, {4, 2}}}, {{f, {2, 3}}, {i, {4}}}, {0});
  bad_shape(Op::indexSelect, {{f, {4}}}, {{f, {2, 3}}, {i, {4}}}, {0});
  bad_shape(Op::indexSelect, {{f, {}}}, {{f, {}}, {i, {4}}}, {0});
  bad_shape(Op::indexAdd, {{f, {2, 3}}}, {{f, {4, 2}}, {i, {4}}}, {0});
  bad_shape(Op::indexAdd, {{f, {2, 3}}}, {{f, {3, 3}}, {i, {4}}}, {0});
  for (double dim : {-1.0, 2.0, 0.5, none, 1e300})
    for (Op op : {Op::indexSelect, Op::indexAdd})
      bad_index(op, {{f, {2, 3}}}, {{f, {2, 3}}, {i, {2}}}, {dim});

  bad_shape(Op::matmul, {{f, {3, 4}}}, {{f, {5}}, {f, {5, 4}}}, {0, 0});
  bad_shape(Op::matmul, {{f, {3, 4}}}, {{f, {3, 5}}, {f, {6, 4}}}, {0, 0});
  bad_shape(Op::matmul, {{f, {3, 4}}}, {{f, {3, 5}}, {f, {5, 4}}}, {1, 0});
  bad_shape(Op::matmul, {{f, {3, 4}}}, {{f, {3, 5}}, {f, {5, 4}}}, {0, 1});
  bad_shape(Op::matmul, {{f, {4, 4}}}, {{f, {3, 5}}, {f, {5, 4}}}, {0, 0});
  bad_shape(Op::matmul, {{f, {3, 3}}}, {{f, {3, 5}}, {f, {5, 4}}}, {0, 0});
  bad_shape(Op::matmul, {{f, {3, 4}}}, {{f, {2, 3, 5}}, {f, {5, 4}}}, {0, 0});
  bad_shape(Op::matmul, {{f, {2, 3, 4}}}, {{f, {2, 3, 5}}, {f, {3, 5, 4}}}, {0, 0});
  bad_dtype(Op::matmul, {{f, {3, 4}}}, {{f, {3, 5}}, {d, {5, 4}}}, {0, 0});
  bad_dtype(Op::matmul, {{d, {3, 4}}}, {{f, {3, 5}}, {f, {5, 4}}}, {0, 0});
  {
    Sample s(Op::matmul, f);
    EXPECT_BAD(s.out(f, {3, 4}, Layout::transposed).in(f, {3, 5}).in(f, {5, 4}).scalars({0, 0}).call, shape);
  }

  bad_shape(Op::linear, {{f, {2, 4}}}, {{f, {2, 3}}, {f, {4, 5}}}, {0});
  bad_shape(Op::linear, {{f, {2, 5}}}, {{f, {2, 3}}, {f, {4, 3}}}, {0});
  bad_shape(Op::linear, {{f, {3, 4}}}, {{f, {2, 3}}, {f, {4, 3}}}, {0});
  bad_shape(Op::linear, {{f, {}}}, {{f, {}}, {f, {4, 3}}}, {0});
  bad_shape(Op::linear, {{f, {2, 4}}}, {{f, {2, 3}}, {f, {3}}}, {0});
  bad_shape(Op::linear, {{f, {2, 4}}}, {{f, {2, 3}}, {f, {4, 3}}, {f, {3}}}, {0});
  bad_shape(Op::linear, {{f, {2, 4}}}, {{f, {2, 3}}, {f, {4, 3}}, {f, {1, 4}}}, {0});
  bad_dtype(Op::linear, {{f, {2, 4}}}, {{f, {2, 3}}, {d, {4, 3}}}, {0});
  bad_dtype(Op::linear, {{f, {2, 4}}}, {{f, {2, 3}}, {f, {4, 3}}, {d, {4}}}, {0});
  bad_dtype(Op::linear, {{i, {2, 4}}}, {{i, {2, 3}}, {i, {4, 3}}}, {1}, DType::i64);
  for (double activation : {-1.0, 4.0, 0.5, none, 1e300})
    bad_argument(Op::linear, {{f, {2, 4}}}, {{f, {2, 3}}, {f, {4, 3}}}, {activation});
  {
    Sample s(Op::linear, f);
    EXPECT_BAD(s.out(f, {6, 2, 4}).in(f, {6, 2, 3}, Layout::transposed).in(f, {4, 3}).scalars({0}).call,
               shape);
  }
  const List backward = {{f, {2, 4}}, {f, {2, 3}}, {f, {4, 3}}};
  bad_shape(Op::linearBackward, {{f, {3, 2}}}, backward, {1, 0, 0});
  bad_shape(Op::linearBackward, {{f, {3, 4}}}, backward, {0, 1, 0});
  bad_shape(Op::linearBackward, {{f, {3}}}, backward, {0, 0, 1});
  bad_shape(Op::linearBackward, {{f, {2, 3}}}, {{f, {2, 4}}, {f, {2, 3}}, {f, {3, 3}}}, {1, 0, 0});
  bad_shape(Op::linearBackward, {{f, {2, 3}}}, {{f, {3, 4}}, {f, {2, 3}}, {f, {4, 3}}}, {1, 0, 0});
  bad_shape(Op::linearBackward, {{f, {2, 3}}}, {{f, {2, 4}}, {f, {2, 3}}, {f, {4}}}, {1, 0, 0});
  bad_dtype(Op::linearBackward, {{d, {2, 3}}}, backward, {1, 0, 0});
  bad_dtype(Op::linearBackward, {{f, {2, 3}}}, {{f, {2, 4}}, {d, {2, 3}}, {f, {4, 3}}}, {1, 0, 0});

  for (Op op : {Op::softmax, Op::logSoftmax}) {
    bad_shape(op, {{f, {2, 3}}}, {{f, {3}}}, {1});
    bad_shape(op, {{f, {2, 3}}}, {{f, {2, 1}}}, {1});
    bad_dtype(op, {{i, {2, 3}}}, {{i, {2, 3}}}, {1});
    for (double dim : {-1.0, 2.0, 0.5, none}) bad_index(op, {{f, {2, 3}}}, {{f, {2, 3}}}, {dim});
    bad_index(op, {{f, {}}}, {{f, {}}}, {1});
  }
  for (Op op : {Op::softmaxBackward, Op::logSoftmaxBackward})
    bad_shape(op, {{f, {2, 3}}}, {{f, {2, 3}}, {f, {3}}}, {1});

  for (bool back : {false, true}) {
    const size_t target = 1, weight = back ? 3 : 2;
    for (double reduction : {-1.0, 3.0, 0.5, none}) {
      Sample s = nll(back, false, 1);
      s.call.scalars[1] = reduction;
      EXPECT_BAD(s.call, argument);
    }
    for (const Sizes& shape : {Sizes{4}, Sizes{2, 4}, Sizes{4, 2, 1}, Sizes{}}) {
      Sample s = nll(back, false, 1);
      s.call.inputs[target] = s.array(i, shape);
      EXPECT_BAD(s.call, shape);
    }
    for (const Sizes& shape : {Sizes{4}, Sizes{1, 5}, Sizes{}}) {
      Sample s = nll(back, true, 1);
      s.call.inputs[weight] = s.array(f, shape);
      EXPECT_BAD(s.call, shape);
    }
    Sample s = nll(back, true, 1);
    s.call.inputs[target] = s.array(DType::i32, {4, 2});
    EXPECT_BAD(s.call, dtype);
    s = nll(back, true, 1);
    s.call.inputs[weight] = s.array(d, {5});
    EXPECT_BAD(s.call, dtype);
    for (int reduction : {0, 1, 2}) {
      Sample wrong = nll(back, false, reduction);
      TensorView& result = back ? wrong.call.inputs[0] : wrong.call.outputs[0];
      result = wrong.array(f, reduction == 0 ? Sizes{8} : Sizes{4, 2});
      EXPECT_BAD(wrong.call, shape);
    }
  }

  for (double reduction : {0.0, 3.0, none})
    bad_argument(Op::mseLoss, {{f, {}}}, {{f, {2, 3}}, {f, {2, 3}}}, {reduction});
  bad_shape(Op::mseLoss, {{f, {}}}, {{f, {2, 3}}, {f, {3}}}, {1});
  bad_shape(Op::mseLoss, {{f, {2}}}, {{f, {2, 3}}, {f, {2, 3}}}, {1});
  bad_dtype(Op::mseLoss, {{i, {}}}, {{f, {2, 3}}, {f, {2, 3}}}, {1});
  bad_shape(Op::mseLossBackward, {{f, {2, 3}}}, {{f, {2, 3}}, {f, {2, 3}}, {f, {2, 3}}}, {1});
  bad_shape(Op::mseLossBackward, {{f, {3, 2}}}, {{f, {}}, {f, {2, 3}}, {f, {2, 3}}}, {1});

  for (bool momentum : {false, true}) {
    Sample s = sgd(2, momentum);
    s.call.inputs[1] = s.array(f, {3, 1});
    EXPECT_BAD(s.call, shape);
    s = sgd(2, momentum);
    s.call.inputs[1] = s.array(d, {3, 2});
    EXPECT_BAD(s.call, dtype);
    s = sgd(2, momentum);
    s.call.outputs[0] = s.array(i, {3, 1});
    s.call.inputs[0] = s.array(i, {3, 1});
    EXPECT_BAD(s.call, dtype);
  }
  Sample s = sgd(2, true);
  s.call.outputs[3] = s.array(f, {2, 3});
  EXPECT_BAD(s.call, shape);
  s = sgd(2, true);
  s.call.outputs[3] = s.array(d, {3, 2});
  EXPECT_BAD(s.call, dtype);
}

TEST("optimizers and gradients: operands that don't fit are refused") {
  constexpr DType f = DType::f32, i = DType::i64, d = DType::f64;
  for (Sample& s : step_samples()) {
    Call call = s.call;
    call.outputs.pop_back();
    EXPECT_BAD(call, internal);
    call = s.call;
    call.inputs[1] = s.array(f, {3, 1});
    EXPECT_BAD(call, shape);
    call = s.call;
    call.outputs[3] = s.array(d, {3, 2});
    EXPECT_BAD(call, dtype);
  }
  EXPECT_BAD(simple(Op::totalNorm, {{f, {1}}}, {{f, {2, 3}}}, {}).call, shape);
  EXPECT_BAD(simple(Op::totalNorm, {{f, {}}}, {{f, {2, 3}}, {i, {2}}}, {}).call, dtype);
  EXPECT_BAD(simple(Op::totalNorm, {{i, {}}}, {{f, {2, 3}}}, {}).call, dtype);
  EXPECT_BAD(simple(Op::clipToNorm, {{f, {2, 3}}}, {{f, {1}}}, {1}).call, shape);
  EXPECT_BAD(simple(Op::clipToNorm, {{i, {2, 3}}}, {{f, {}}}, {1}).call, dtype);
  EXPECT_BAD(simple(Op::unscale, {{f, {1}}, {f, {2}}}, {}, {1}).call, shape);
  EXPECT_BAD(simple(Op::unscale, {{d, {}}, {f, {2}}}, {}, {1}).call, dtype);
  EXPECT_BAD(simple(Op::unscale, {{f, {}}, {i, {2}}}, {}, {1}).call, dtype);
}

TEST("lanes: sizes, dtypes and ranks that don't fit are refused") {
  constexpr DType f = DType::f32, i = DType::i64;
  const Sizes shape = {2, 3}, one = {2, 1};
  EXPECT_BAD(simple(Op::cumsum, {{f, shape}}, {{f, shape}}, {2, 0}).call, index);
  EXPECT_BAD(simple(Op::cumsum, {{f, {}}}, {{f, {}}}, {0, 0}).call, index);
  EXPECT_BAD(simple(Op::cumprod, {{f, shape}}, {{f, {3, 2}}}, {0}).call, shape);
  EXPECT_BAD(simple(Op::cummax, {{f, shape}, {f, shape}}, {{f, shape}}, {0}).call, dtype);
  EXPECT_BAD(simple(Op::cummax, {{f, shape}, {i, one}}, {{f, shape}}, {0}).call, shape);
  EXPECT_BAD(simple(Op::sort, {{f, one}, {i, one}}, {{f, shape}}, {1, 0}).call, shape);
  EXPECT_BAD(simple(Op::sort, {{i, shape}, {i, shape}}, {{f, shape}}, {1, 0}).call, dtype);
  EXPECT_BAD(simple(Op::topk, {{f, {2, 4}}, {i, {2, 4}}}, {{f, shape}}, {1, 1, 1}).call, shape);
  EXPECT_BAD(simple(Op::kthvalue, {{f, one}, {i, one}}, {{f, shape}}, {1, 4}).call, shape);
  EXPECT_BAD(simple(Op::kthvalue, {{f, one}, {i, one}}, {{f, shape}}, {1, 0}).call, shape);
  EXPECT_BAD(simple(Op::median, {{f, one}, {i, one}}, {{f, {2, 0}}}, {1, 0}).call, shape);
  EXPECT_BAD(simple(Op::nonzero, {{i, {2, 1}}}, {{f, shape}}, {}).call, shape);
  EXPECT_BAD(simple(Op::searchsorted, {{i, shape}}, {{f, {}}, {f, shape}}, {0}).call, shape);
  EXPECT_BAD(simple(Op::searchsorted, {{i, shape}}, {{f, {3, 3}}, {f, shape}}, {0}).call, shape);
  EXPECT_BAD(simple(Op::searchsorted, {{f, shape}}, {{f, {4}}, {f, shape}}, {0}).call, dtype);
  EXPECT_BAD(simple(Op::bincount, {{i, {5}}}, {{f, {3}}}, {}, DType::i64).call, dtype);
  EXPECT_BAD(simple(Op::histc, {{f, {0}}}, {{f, shape}}, {0, 1}).call, shape);
  EXPECT_BAD(simple(Op::sortRows, {{i, {2}}}, {{f, {3, 4}}}, {}).call, shape);
}
