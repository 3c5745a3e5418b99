// A Space cut into blocks: rows by columns of its two innermost dimensions.
#pragma once
#include "core/collapse.h"
#include "cpu/isa/convert.h"

namespace tenon {
namespace TENON_ISA {

/** Where a block starts in each operand, in elements, and how much of it there is. */
struct Block {
  int64_t at[kMaxOperands];
  int64_t rows, columns;
};

/** Elements of a block at most, where an operand of it is gathered on the stack. */
constexpr int64_t kBlock = 1024;

class Blocks {
 public:
  /**
   * Blocks of up to `largest` elements if they are dense rows, of which `together` make one; of kBlock if
   * operands have to be gathered.
   */
  Blocks(const Space& space, int operands, int64_t largest, int64_t together = 1) : operands_(operands) {
    const int rank = space.rank;
    const int64_t one[kMaxOperands] = {};
    columns_ = rank > 0 ? space.size[rank - 1] : 1;
    rows_ = rank > 1 ? space.size[rank - 2] : 1;
    for (int k = 0; k < operands; k++) {
      column_stride[k] = rank > 0 ? space.stride[rank - 1][k] : one[k];
      row_stride[k] = rank > 1 ? space.stride[rank - 2][k] : one[k];
    }
    bool transposed = false;
    for (int k = 0; k < operands; k++)
      transposed |= row_stride[k] != 0 && distance(row_stride[k]) < distance(column_stride[k]);
    if (transposed) {
      high_ = least(rows_, kSquare);
      wide_ = least(columns_, kBlock / high_);
    } else if (columns_ >= kLongRow) {
      high_ = least(rows_, together);
      wide_ = least(columns_, largest);
    } else {
      wide_ = columns_;
      high_ = least(rows_, kBlock / wide_);
    }
    across_ = (columns_ + wide_ - 1) / wide_;
    down_ = (rows_ + high_ - 1) / high_;
    outer_ = rank > 2 ? rank - 2 : 0;
    count_ = across_ * down_;
    for (int i = 0; i < outer_; i++) count_ *= space.size[i];
    space_ = &space;
  }

  int64_t count() const { return count_; }
  /** Elements of a whole block. */
  int64_t block() const { return high_ * wide_; }

  /** run(block) for blocks [first, end). */
  template <class Run>
  void each(int64_t first, int64_t end, Run run) const {
    int64_t index[kMaxRank], outer[kMaxOperands] = {};
    int64_t column = first % across_, rest = first / across_, row = rest % down_;
    rest /= down_;
    for (int i = outer_ - 1; i >= 0; i--) {
      index[i] = rest % space_->size[i];
      rest /= space_->size[i];
      for (int k = 0; k < operands_; k++) outer[k] += index[i] * space_->stride[i][k];
    }
    Block block;
    for (int64_t i = first; i < end; i++) {
      block.rows = least(rows_ - row * high_, high_);
      block.columns = least(columns_ - column * wide_, wide_);
      for (int k = 0; k < operands_; k++)
        block.at[k] = outer[k] + row * high_ * row_stride[k] + column * wide_ * column_stride[k];
      run(static_cast<const Block&>(block));
      if (++column < across_) continue;
      column = 0;
      if (++row < down_) continue;
      row = 0;
      for (int d = outer_ - 1; d >= 0; d--) {
        for (int k = 0; k < operands_; k++) outer[k] += space_->stride[d][k];
        if (++index[d] < space_->size[d]) break;
        for (int k = 0; k < operands_; k++) outer[k] -= space_->size[d] * space_->stride[d][k];
        index[d] = 0;
      }
    }
  }

  int64_t row_stride[kMaxOperands], column_stride[kMaxOperands];

 private:
  static constexpr int64_t kSquare = 32;    // rows of a block that is transposed on the way
  static constexpr int64_t kLongRow = 128;  // columns that are worth a block of their own
  static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
  static int64_t distance(int64_t stride) { return stride < 0 ? -stride : stride; }

  const Space* space_;
  int operands_, outer_;
  int64_t rows_, columns_, high_, wide_, down_, across_, count_;
};

}  // namespace TENON_ISA
}  // namespace tenon
