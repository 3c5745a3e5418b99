// Kernels whose AVX2 form serves AVX-512 as well: they wait for memory, or go element by element, and a third
// copy of them would only make the addon larger. CMakeLists.txt names their sources.
#pragma once
#include "cpu/kernel_table.h"

namespace tenon {

constexpr bool shared_with_avx2(Op op) {
  switch (op) {
    // ordering.cpp
    case Op::sort:
    case Op::sortRows:
    case Op::topk:
    case Op::kthvalue:
    case Op::median:
    case Op::mode:
    // scan.cpp
    case Op::cumsum:
    case Op::cumprod:
    case Op::cummax:
    case Op::cummin:
    case Op::logcumsumexp:
    case Op::linearScan:
    // scatter.cpp, search.cpp, multinomial.cpp
    case Op::gather:
    case Op::take:
    case Op::scatter:
    case Op::searchsorted:
    case Op::bincount:
    case Op::histc:
    case Op::nonzero:
    case Op::multinomial:
    // fold.cpp, embedding.cpp
    case Op::im2col:
    case Op::col2im:
    case Op::embedding:
    case Op::embeddingBackward:
    // max_pool.cpp, average_pool.cpp
    case Op::maxPool:
    case Op::maxPoolBackward:
    case Op::averagePool:
    case Op::averagePoolBackward:
    // pair_loss.cpp, ctc.cpp
    case Op::mseLoss:
    case Op::mseLossBackward:
    case Op::l1Loss:
    case Op::l1LossBackward:
    case Op::smoothL1Loss:
    case Op::smoothL1LossBackward:
    case Op::huberLoss:
    case Op::huberLossBackward:
    case Op::binaryCrossEntropy:
    case Op::binaryCrossEntropyBackward:
    case Op::binaryCrossEntropyWithLogits:
    case Op::binaryCrossEntropyWithLogitsBackward:
    case Op::ctcLoss:
    case Op::ctcLossBackward:
    // gradients.cpp
    case Op::totalNorm:
    case Op::clipToNorm:
    case Op::unscale:
    // adaptive.cpp
    case Op::nadam:
    case Op::radam:
    case Op::adamax:
    case Op::adagrad:
    case Op::adadelta:
    case Op::rmsprop:
    case Op::rprop:
    case Op::asgd: return true;
    default: return false;
  }
}

}  // namespace tenon
