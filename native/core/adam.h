// Adam and AdamW: what the scalars of a step come to, in float64 on every device.
// https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
#pragma once
#include <cmath>

#if defined(__CUDACC__)
#define TENON_ADAM static __device__ __host__ __forceinline__
#else
#define TENON_ADAM static inline __attribute__((always_inline))
#endif

namespace tenon {

/** The scalars of the op, in its order. */
struct AdamScalars {
  double lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize, step;
};

struct AdamFactors {
  double beta1, beta2;
  double fresh1, fresh2;  // how much of the gradient, and of its square, enters the averages
  double penalty;         // of the parameter, in the gradient
  double keep;            // of the parameter, when the penalty is decoupled
  double step;            // the learning rate over the first average's bias
  double root;            // of the second average's bias
  double eps;
  bool amsgrad, maximize;
};

TENON_ADAM AdamFactors adam_factors(const AdamScalars& s) {
  const bool decoupled = s.decoupled != 0;
  AdamFactors f;
  f.beta1 = s.beta1;
  f.beta2 = s.beta2;
  f.fresh1 = 1 - s.beta1;
  f.fresh2 = 1 - s.beta2;
  f.penalty = decoupled ? 0 : s.weight_decay;
  f.keep = decoupled ? 1 - s.lr * s.weight_decay : 1;
  f.step = s.lr / (1 - pow(s.beta1, s.step));
  f.root = sqrt(1 - pow(s.beta2, s.step));
  f.eps = s.eps;
  f.amsgrad = s.amsgrad != 0;
  f.maximize = s.maximize != 0;
  return f;
}

}  // namespace tenon
