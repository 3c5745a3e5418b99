// Op numbers, and the kernels that this processor runs them with.
#pragma once
#include "core/cpu_features.h"
#include "core/launch.h"

namespace tenon {

enum class Op : uint16_t {
#define TENON_NUMBER(name, ...) name,
#define UNARY TENON_NUMBER
#define PREDICATE TENON_NUMBER
#define BINARY TENON_NUMBER
#define COMPARE TENON_NUMBER
#define REDUCE TENON_NUMBER
#define KERNEL TENON_NUMBER
#include "ops.def"
#undef TENON_NUMBER
  count_
};
constexpr int kOpCount = static_cast<int>(Op::count_);

const char* op_name(int op);
/** The table compiled for an ISA that this processor supports. */
const Kernel* cpu_kernels(Isa);
/** The table of the chosen ISA. */
const Kernel* cpu_kernels();

}  // namespace tenon
