// Every kernel of ops.def that is compiled for each instruction set: void kernel_<name>(const Launch&) in
// namespace tenon::<isa>.
#pragma once
#include "core/launch.h"

namespace tenon {
namespace TENON_ISA {

#define TENON_DECLARE(name, ...) void kernel_##name(const Launch&);
#define UNARY TENON_DECLARE
#define PREDICATE TENON_DECLARE
#define BINARY TENON_DECLARE
#define COMPARE TENON_DECLARE
#define REDUCE TENON_DECLARE
#define KERNEL TENON_DECLARE
#define SHARED_KERNEL(...)
#include "ops.def"
#undef TENON_DECLARE

}  // namespace TENON_ISA
}  // namespace tenon
