// The steps of SGD and Adam.
#include "kernels/optimizer.h"

#include "cpu/isa/kernels.h"
#include "cpu/isa/steps.h"

namespace tenon {
namespace TENON_ISA {

void kernel_sgd(const Launch& l) {
  if (l.outputs > l.inputs)
    step<optimizer::Sgd, 1>(l);
  else
    step<optimizer::Sgd, 0>(l);
}

void kernel_adam(const Launch& l) {
  if (l.scalar[6].get() != 0)
    step<optimizer::Adam, 3>(l);
  else
    step<optimizer::Adam, 2>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
