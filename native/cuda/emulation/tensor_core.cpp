// What a warp does together in ldmatrix and mma (see cuda/kernels/tensor_core.h). Compiled without
// -fsanitize=thread, as warp.cpp.
#include "cuda/emulation/device.h"

namespace tenon {
namespace cuda {
namespace emulation {
namespace {

constexpr uint32_t kAllLanes = ~uint32_t{0};

template <bool kTransposed>
void exchange_rows(void* const* lanes, uint32_t) {
  const auto row = [&](int lane) -> MatrixRow& { return *static_cast<MatrixRow*>(lanes[lane]); };
  const auto element = [&](int matrix, int r, int column) {
    return row(8 * matrix + r).words[column / 2] >> (column % 2 * 16) & 0xffff;
  };
  for (int lane = 0; lane < 32; lane++) {
    const int i = lane / 4, j = lane % 4 * 2;
    for (int m = 0; m < 4; m++)
      row(lane).result[m] = kTransposed ? element(m, j, i) | element(m, j + 1, i) << 16
                                        : element(m, i, j) | element(m, i, j + 1) << 16;
  }
}

float from_bfloat16(uint32_t h) { return bits<float>(h << 16); }

float from_float16(uint32_t h) {
  const uint32_t sign = (h & 0x8000) << 16, rest = h & 0x7fff;
  if (rest >= 0x7c00) return bits<float>(sign | 0x7f800000 | (rest & 0x3ff) << 13);
  const float magnitude = bits<float>(rest << 13) * 0x1p112f;  // the exponent's bias is 15, not 127
  return sign ? -magnitude : magnitude;
}

template <float (*kValue)(uint32_t)>
void multiply_fragments(void* const* lanes, uint32_t) {
  float a[16][16], b[16][8];
  for (int lane = 0; lane < 32; lane++) {
    const Fragments& f = *static_cast<Fragments*>(lanes[lane]);
    const int row = lane / 4, column = lane % 4 * 2;
    for (int half = 0; half < 2; half++) {
      const auto value = [=](uint32_t r) { return kValue(r >> (16 * half) & 0xffff); };
      a[row][column + half] = value(f.a[0]);
      a[row + 8][column + half] = value(f.a[1]);
      a[row][column + 8 + half] = value(f.a[2]);
      a[row + 8][column + 8 + half] = value(f.a[3]);
      b[column + half][row] = value(f.b[0]);
      b[column + 8 + half][row] = value(f.b[1]);
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    float* d = static_cast<Fragments*>(lanes[lane])->d;
    const int row = lane / 4, column = lane % 4 * 2;
    for (int i = 0; i < 4; i++) {
      float sum = d[i];
      for (int k = 0; k < 16; k++) sum += a[row + i / 2 * 8][k] * b[k][column + i % 2];
      d[i] = sum;
    }
  }
}

}  // namespace

void load_matrices(MatrixRow& mine, bool transposed, Site site) {
  warp(kAllLanes, transposed ? exchange_rows<true> : exchange_rows<false>, &mine, site);
}

void multiply(Fragments mine, bool bfloat16, Site site) {
  warp(kAllLanes, bfloat16 ? multiply_fragments<from_bfloat16> : multiply_fragments<from_float16>, &mine,
       site);
}

}  // namespace emulation
}  // namespace cuda
}  // namespace tenon
