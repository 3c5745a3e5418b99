// searchsorted, and the counts of bincount and histc. Counts are whole numbers, so that their sums don't
// depend on an order.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/search.h"
#include "kernels/histogram.h"

namespace tenon {
namespace cuda {

namespace {

TENON_DEVICE int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
TENON_DEVICE int64_t item_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

/** As on the CPU: how many of a lane's elements are before a value. NaN comes last. */
template <class T>
TENON_DEVICE int64_t place_of(const SearchParameters& p, int64_t lane, T value) {
  const auto before = [&](int64_t at) {
    const T element = load_one<T>(p.sequence, p.type, lane + at);
    return p.right ? !(element > value) : !(element >= value);
  };
  if (p.n == 0) return 0;
  int64_t at = 0;
#pragma unroll 1
  for (int64_t left = p.n; left > 1;) {
    const int64_t half = left / 2;
    at += before(at + half - 1) ? half : 0;
    left -= half;
  }
  return at + before(at);
}

template <class T>
TENON_DEVICE void search(const SearchParameters& p) {
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    const int64_t lane = p.values_each ? n / p.values_each * p.n : 0;
    store_one(p.out, p.out_type, n, place_of(p, lane, load_one<T>(p.values, p.type, n)));
  }
}

/** Whole numbers are their own bins. */
struct Whole {
  using Type = int64_t;
  TENON_DEVICE explicit Whole(const CountParameters&) {}
  TENON_DEVICE int64_t bin(int64_t x) const { return x; }
};
template <class T>
struct Binned {
  using Type = T;
  const T low, high;
  const int64_t bins;
  TENON_DEVICE explicit Binned(const CountParameters& p)
      : low(static_cast<T>(p.low.get())), high(static_cast<T>(p.high.get())), bins(p.bins) {}
  TENON_DEVICE int64_t bin(T x) const { return bin_of(x, low, high, bins); }
};

/** add(bin) for the elements of a thread. */
template <class Bins, class Add>
TENON_DEVICE void count_elements(const CountParameters& p, Add add) {
  const Bins bins(p);
  const int64_t stride = item_stride();
  for (int64_t n = first_item(); n < p.numel; n += kBatch * stride) {
    int64_t place[kBatch];
#pragma unroll
    for (int k = 0; k < kBatch; k++) {
      const int64_t i = n + k * stride;
      int64_t at[1];
      locate(p.dim, p.dims, i < p.numel ? i : n, at);
      place[k] = at[0];
    }
    typename Bins::Type x[kBatch];
    load_each(p.x, p.type, place, x);
#pragma unroll
    for (int k = 0; k < kBatch; k++) {
      if (n + k * stride >= p.numel) continue;
      const int64_t bin = bins.bin(x[k]);
      if (bin >= 0) add(bin);
    }
  }
}

/** With few bins every block counts for itself first. */
template <class Bins>
TENON_DEVICE void count(const CountParameters& p) {
  DYNAMIC_SHARED(part, unsigned);
  if (p.failure->state) return;
  if (p.bins > kSharedBins) {
    count_elements<Bins>(p, [&](int64_t bin) { atomicAdd(&p.counts[bin], 1ull); });
    return;
  }
  for (int64_t bin = threadIdx.x; bin < p.bins; bin += blockDim.x) part[bin] = 0;
  __syncthreads();
  count_elements<Bins>(p, [&](int64_t bin) { atomicAdd(&part[bin], 1u); });
  __syncthreads();
  for (int64_t bin = threadIdx.x; bin < p.bins; bin += blockDim.x)
    if (part[bin]) atomicAdd(&p.counts[bin], static_cast<unsigned long long>(part[bin]));
}

}  // namespace

#define TENON_SEARCH(type, T) \
  KERNEL(search_sorted_##type, kSearchThreads, SearchParameters)(const SearchParameters p) { search<T>(p); }
TENON_SEARCH(f32, float)
TENON_SEARCH(f64, double)
TENON_SEARCH(i64, int64_t)

KERNEL(search_count_i64, kSearchThreads, CountParameters)(const CountParameters p) { count<Whole>(p); }
KERNEL(search_count_f32, kSearchThreads, CountParameters)(const CountParameters p) {
  count<Binned<float>>(p);
}
KERNEL(search_count_f64, kSearchThreads, CountParameters)(const CountParameters p) {
  count<Binned<double>>(p);
}

KERNEL(search_counted, kSearchThreads, CountedParameters)(const CountedParameters p) {
  if (p.failure->state) return;
  for (int64_t n = first_item(); n < p.bins; n += item_stride()) {
    const int64_t count = static_cast<int64_t>(p.counts[n]);
    if (p.type == DType::f64)
      store_one(p.out, p.type, n * p.stride, static_cast<double>(count));
    else if (is_floating(p.type))
      store_one(p.out, p.type, n * p.stride, static_cast<float>(count));
    else
      store_one(p.out, p.type, n * p.stride, count);
  }
}

#undef TENON_SEARCH

}  // namespace cuda
}  // namespace tenon
