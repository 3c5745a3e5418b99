// The steps of optimizers that give each element a rate of its own, and of ASGD. What depends on the number
// of the step alone comes as scalars.
#include "cpu/isa/kernels.h"
#include "cpu/isa/steps.h"
#include "kernels/optimizer.h"

namespace tenon {
namespace TENON_ISA {

void kernel_nadam(const Launch& l) { step<optimizer::NAdam, 2>(l); }
void kernel_radam(const Launch& l) { step<optimizer::RAdam, 2>(l); }
void kernel_adamax(const Launch& l) { step<optimizer::Adamax, 2>(l); }
void kernel_adagrad(const Launch& l) { step<optimizer::Adagrad, 1>(l); }
void kernel_adadelta(const Launch& l) { step<optimizer::Adadelta, 2>(l); }
void kernel_rprop(const Launch& l) { step<optimizer::Rprop, 2>(l); }
void kernel_asgd(const Launch& l) { step<optimizer::Asgd, 1>(l); }

void kernel_rmsprop(const Launch& l) {
  if (l.inputs == 0) return;
  switch (l.outputs / l.inputs) {
    case 2: return step<optimizer::RMSprop, 1>(l);
    case 3: return step<optimizer::RMSprop, 2>(l);
    default: return step<optimizer::RMSprop, 3>(l);
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
