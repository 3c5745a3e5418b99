// The emulated CUDA device and its driver, by kernels that are made for it: everything that the real ones
// rely on, in each order of threads; and that what CUDA leaves undefined, or forbids, is seen.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "cuda/emulation/driver.h"
#include "cuda/emulation/scheduler.h"
#include "cuda/kernels/tensor_core.h"
#include "test/test.h"

namespace tenon {
namespace cuda {

struct IndexParameters {
  unsigned* out;
};
KERNEL(test_indices, 24, IndexParameters)(const IndexParameters p) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  p.out[block * 24 + thread] = block * 100 + thread;
}

struct ReverseParameters {
  const float* in;
  float* out;
  int synchronized, twice;
};
/** Reverses within blocks, through a variable and through dynamic memory. */
KERNEL(test_reverse, 256, ReverseParameters)(const ReverseParameters p) {
  SHARED(variable, float[256]);
  DYNAMIC_SHARED(dynamic, float);
  const unsigned t = threadIdx.x, n = blockDim.x, first = blockIdx.x * n;
  variable[t] = p.in[first + t];
  if (p.synchronized) __syncthreads();
  dynamic[t] = variable[n - 1 - t];
  __syncthreads();
  if (p.twice)
    p.out[first + t] = dynamic[n - 1 - t];
  else
    p.out[first + t] = dynamic[t];
}

struct VoteParameters {
  int* out;
};
KERNEL(test_block_votes, 128, VoteParameters)(const VoteParameters p) {
  const int t = static_cast<int>(threadIdx.x);
  int* out = p.out + t * 4;
  out[0] = __syncthreads_count(t % 3 == 0);
  out[1] = __syncthreads_or(t == 77);
  out[2] = __syncthreads_and(t != 77);
  out[3] = __syncthreads_and(1);
}

struct ShuffleParameters {
  float* floats;
  double* doubles;
  int64_t* integers;
  unsigned* masks;
};
KERNEL(test_shuffles, 64, ShuffleParameters)(const ShuffleParameters p) {
  const unsigned t = threadIdx.x, lane = t % 32, all = ~0u;
  float* f = p.floats + t * 6;
  f[0] = __shfl_sync(all, static_cast<float>(t), 5);
  f[1] = __shfl_xor_sync(all, static_cast<float>(t), 3);
  f[2] = __shfl_down_sync(all, static_cast<float>(t), 7u);
  f[3] = __shfl_up_sync(all, static_cast<float>(t), 7u);
  f[4] = __shfl_sync(all, static_cast<float>(t), 6, 8);
  f[5] = __shfl_down_sync(all, static_cast<float>(t), 3u, 8);
  p.doubles[t] = __shfl_xor_sync(all, 1.0 / (t + 1), 31);
  p.integers[t] = __shfl_sync(all, (static_cast<int64_t>(t) << 40) + 1, 9);
  unsigned* m = p.masks + t * 5;
  m[0] = __ballot_sync(all, lane % 2);
  m[1] = static_cast<unsigned>(__any_sync(all, t == 40));
  m[2] = static_cast<unsigned>(__all_sync(all, t < 32));
  m[3] = __match_any_sync(all, lane / 8);
  // Halves of a warp on their own.
  const unsigned half = lane < 16 ? 0xffffu : 0xffff0000u;
  __syncwarp(half);
  m[4] = __ballot_sync(half, lane % 16 == 2);
}

struct AtomicParameters {
  int* sum;
  unsigned long long* greatest;
  int* taken;
  unsigned* ring;
};
KERNEL(test_atomics, 64, AtomicParameters)(const AtomicParameters p) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  atomicAdd(p.sum, i);
  atomicMax(p.greatest, static_cast<unsigned long long>(i) << 33);
  if (atomicCAS(p.taken, 0, i + 1) == 0) atomicSub(p.sum, 1000000);
  atomicInc(p.ring, 6);
}

struct LateParameters {
  float* out;
  const float* in;
  int wait;
};
/** Group 1: element t; group 2: zero from nowhere, after the first only is waited for. */
KERNEL(test_async_copies, 32, LateParameters)(const LateParameters p) {
  SHARED(tile, float[2][32][4]);
  const unsigned t = threadIdx.x;
  cp_async<16>(tile[0][t], p.in + t * 4);
  cp_async_commit();
  cp_async<16>(tile[1][t], p.in, false);
  cp_async_commit();
  if (p.wait) cp_async_wait<1>();
  __syncthreads();
  for (int i = 0; i < 4; i++) p.out[t * 8 + i] = tile[0][31 - t][i];
  p.out[t * 8 + 4] = tile[1][31 - t][0];  // still under way
  __syncthreads();
  cp_async_wait<0>();
  __syncthreads();
  p.out[t * 8 + 5] = tile[1][31 - t][3];
}

struct MatrixParameters {
  const uint16_t *a, *b;  // 16 x 16, 16 x 8
  uint32_t *rows, *columns;
  float* products;  // 16 x 8 of bfloat16, then of float16
};
KERNEL(test_matrices, 32, MatrixParameters)(const MatrixParameters p) {
  SHARED(a, uint16_t[16][16]);
  const unsigned t = threadIdx.x, row = t / 4, column = t % 4 * 2;
  cp_async<16>(&a[t / 2][t % 2 * 8], p.a + t * 8);
  cp_async_commit();
  cp_async_wait<0>();
  __syncthreads();
  uint32_t fragment[4], transposed[4];
  ldmatrix_x4(fragment, &a[t % 16][t / 16 * 8]);
  ldmatrix_x4_trans(transposed, &a[t % 16][t / 16 * 8]);
  for (int i = 0; i < 4; i++) {
    p.rows[t * 4 + i] = fragment[i];
    p.columns[t * 4 + i] = transposed[i];
  }
  const auto pair = [&](unsigned k) -> uint32_t {
    return p.b[k * 8 + row] | static_cast<uint32_t>(p.b[(k + 1) * 8 + row]) << 16;
  };
  float d[4] = {1, 2, 3, 4}, e[4] = {};
  mma_bf16(d, fragment, pair(column), pair(column + 8));
  mma_f16(e, fragment, pair(column), pair(column + 8));
  for (unsigned i = 0; i < 4; i++) {
    const unsigned place = (row + i / 2 * 8) * 8 + column + i % 2;
    p.products[place] = d[i];
    p.products[128 + place] = e[i];
  }
}

struct StuckParameters {
  int how;
  int* out;
};
KERNEL(test_stuck, 64, StuckParameters)(const StuckParameters p) {
  const unsigned t = threadIdx.x;
  if (p.how == 0 && t != 31) __shfl_sync(~0u, 1, 0);  // lane 31 does not take part
  if (p.how == 1) {                                   // two barriers in place of one
    if (t < 32)
      __syncthreads();
    else
      __syncthreads();
  }
  if (p.how == 2) __shfl_sync(1u, 1, 0);  // lanes that are not in their own mask
  if (p.how == 3) {
    SHARED(large, char[100 << 10]);
    p.out[1] = large[t];
  }
  if (p.how == 4) cp_async<16>(p.out, p.out);
  if (t == 0) p.out[0] = 1;
}

struct AddParameters {
  float* x;
  float value;
};
KERNEL(test_add, 64, AddParameters)(const AddParameters p) { p.x[threadIdx.x] += p.value; }

struct DynamicParameters {
  unsigned char* out;
  int bytes;
};
KERNEL(test_dynamic, 1, DynamicParameters)(const DynamicParameters p) {
  DYNAMIC_SHARED(bytes, unsigned char);
  p.out[0] = bytes[0];
  p.out[1] = bytes[p.bytes - 1];
  bytes[p.bytes - 1] = 3;
  p.out[2] = bytes[p.bytes - 1];
}

}  // namespace cuda
}  // namespace tenon

namespace {

using namespace tenon::cuda;
using namespace tenon::cuda::driver;
using emulation::driver_api;
using emulation::Order;

constexpr Result kInvalidValue = 1, kInvalidHandle = 400, kCaptureUnsupported = 900,
                 kCaptureInvalidated = 901;

/** ThreadSanitizer takes a millisecond for each thread of a kernel, and ends the process at a race. */
#if defined(TENON_THREAD_SANITIZER)
constexpr bool kSlow = true;
#else
constexpr bool kSlow = false;
#endif

/** A device that fails is of no use to later cases, so that each case may take its own. */
constexpr int kDevices = 64;
int devices_taken = 0;

void must(Result r) {
  if (r == kSuccess) return;
  const char* name = nullptr;
  driver_api.GetErrorName(r, &name);
  throw std::runtime_error(std::string("the driver says ") + (name ? name : std::to_string(r)));
}

class Emulated {
 public:
  Emulated() {
    setenv("TENON_EMULATED_CUDA_DEVICES", std::to_string(kDevices).c_str(), 1);
    setenv("TENON_EMULATED_CUDA_MEMORY", "16777216", 1);
    must(driver_api.Init(0));
    must(driver_api.PrimaryCtxRetain(&context, devices_taken++ % kDevices));
    must(driver_api.CtxSetCurrent(context));
    must(driver_api.ModuleLoadData(&module, nullptr));
    must(driver_api.StreamCreate(&stream, kStreamNonBlocking));
  }

  template <class T>
  T* allocate(size_t n) {
    Address a = 0;
    must(driver_api.MemAlloc(&a, n * sizeof(T)));
    return reinterpret_cast<T*>(a);
  }
  template <class T>
  T* upload(const std::vector<T>& values) {
    T* const p = allocate<T>(values.size());
    must(driver_api.MemcpyHtoDAsync(reinterpret_cast<Address>(p), values.data(), values.size() * sizeof(T),
                                    stream));
    return p;
  }
  template <class T>
  std::vector<T> read(const T* p, size_t n) {
    std::vector<T> values(n);
    must(driver_api.MemcpyDtoHAsync(values.data(), reinterpret_cast<Address>(p), n * sizeof(T), stream));
    must(driver_api.StreamSynchronize(stream));
    return values;
  }
  Function function(const char* name) {
    Function f = nullptr;
    must(driver_api.ModuleGetFunction(&f, module, name));
    return f;
  }
  template <class P>
  Result try_launch(const char* name, dim3 grid, dim3 block, P parameters, unsigned shared_bytes = 0,
                    Stream on = nullptr) {
    size_t bytes = sizeof parameters;
    void* extra[] = {kParameterBuffer, &parameters, kParameterSize, &bytes, kParameterEnd};
    const Result r = driver_api.LaunchKernel(function(name), grid.x, grid.y, grid.z, block.x, block.y,
                                             block.z, shared_bytes, on ? on : stream, nullptr, extra);
    std::memset(&parameters, 0, sizeof parameters);  // a launch has its own copy
    return r;
  }
  template <class P>
  void launch(const char* name, dim3 grid, dim3 block, P parameters, unsigned shared_bytes = 0,
              Stream on = nullptr) {
    must(try_launch(name, grid, block, parameters, shared_bytes, on));
  }

  Context context = nullptr;
  Module module = nullptr;
  Stream stream = nullptr;
};

void in_all_orders(const std::function<void(Emulated&)>& body) {
  Emulated device;
  const struct {
    const char* name;
    Order order;
    unsigned seeds;
  } orders[] = {{"forward", Order::forward, 1},
                {"reverse", Order::reverse, 1},
                {"random", Order::random, kSlow ? 1u : 8u}};
  for (const auto& o : orders)
    for (unsigned seed = 1; seed <= o.seeds; seed++) {
      const test::About about("%s order, seed %u", o.name, seed);
      emulation::set_order(o.order, seed);
      body(device);
    }
  emulation::set_order(Order::forward, 1);
}

std::vector<float> counting(size_t n, float first = 0) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; i++) values[i] = first + static_cast<float>(i);
  return values;
}

template <class T>
int differences(const std::vector<T>& a, const std::function<T(size_t)>& expected) {
  int count = 0;
  for (size_t i = 0; i < a.size(); i++) count += !(a[i] == expected(i));
  return count;
}

std::string failure_text() {
  const char* text = nullptr;
  driver_api.GetErrorString(kIllegalAddress, &text);
  return text;
}

Address address(const void* p) { return reinterpret_cast<Address>(p); }

/** The status of a process that runs `body`, which is to die of it. */
int status_of(const std::function<void()>& body) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    if (!std::freopen("/dev/null", "w", stderr)) _exit(0);
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST("host code that touches guarded memory dies") {
  // The first case: whether memory is guarded is found out once.
  const auto touch = [](bool guard) {
    return [guard] {
      setenv("TENON_EMULATED_CUDA_GUARD", guard ? "1" : "0", 1);
      Emulated e;
      float* const x = e.upload(counting(64));
      e.launch("test_add", 1, 64, AddParameters{x, 1});
      if (e.read(x, 64)[63] != 64) _exit(0);
      if (guard) *static_cast<volatile float*>(x) = 1;
      _exit(7);
    };
  };
  CHECK_EQ(WEXITSTATUS(status_of(touch(false))), 7);
  const int status = status_of(touch(true));
  CHECK(status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 7));
}

TEST("threads know who they are") {
  in_all_orders([](Emulated& e) {
    constexpr size_t n = 2 * 3 * 4 * 24;
    unsigned* const out = e.allocate<unsigned>(n);
    e.launch("test_indices", dim3(2, 3, 4), dim3(4, 3, 2), IndexParameters{out});
    CHECK_EQ(differences<unsigned>(e.read(out, n), [](size_t i) { return i / 24 * 100 + i % 24; }), 0);
  });
}

TEST("barriers order shared memory, and a missing one shows as NaN") {
  in_all_orders([](Emulated& e) {
    for (unsigned threads : {1u, 32u, 61u, 256u}) {
      if (kSlow && threads == 256) continue;
      const size_t n = 3 * threads;
      const float* const in = e.upload(counting(n));
      float* const out = e.allocate<float>(n);
      e.launch("test_reverse", 3, threads, ReverseParameters{in, out, 1, 0}, threads * 4);
      CHECK_EQ(
          differences<float>(e.read(out, n),
                             [&](size_t i) {
                               return static_cast<float>(i / threads * threads + threads - 1 - i % threads);
                             }),
          0);
      e.launch("test_reverse", 3, threads, ReverseParameters{in, out, 1, 1}, threads * 4);
      CHECK_EQ(differences<float>(e.read(out, n), [](size_t i) { return static_cast<float>(i); }), 0);
      if (threads == 1 || kSlow) continue;
      e.launch("test_reverse", 3, threads, ReverseParameters{in, out, 0, 0}, threads * 4);
      int nans = 0;
      for (float v : e.read(out, n)) nans += std::isnan(v);
      CHECK(nans > 0);
    }
  });
}

TEST("votes of a block") {
  in_all_orders([](Emulated& e) {
    int* const out = e.allocate<int>(512);
    e.launch("test_block_votes", 1, 128, VoteParameters{out});
    const int expected[] = {43, 1, 0, 1};
    CHECK_EQ(differences<int>(e.read(out, 512), [&](size_t i) { return expected[i % 4]; }), 0);
  });
}

TEST("shuffles and votes of a warp") {
  in_all_orders([](Emulated& e) {
    const ShuffleParameters p{e.allocate<float>(384), e.allocate<double>(64), e.allocate<int64_t>(64),
                              e.allocate<unsigned>(320)};
    e.launch("test_shuffles", 1, 64, p);
    CHECK_EQ(differences<float>(
                 e.read(p.floats, 384),
                 [](size_t i) {
                   const unsigned t = static_cast<unsigned>(i / 6), lane = t % 32, warp = t - lane,
                                  part = t % 8;
                   const unsigned expected[] = {
                       warp + 5,     warp + (lane ^ 3),       lane + 7 < 32 ? t + 7 : t, lane < 7 ? t : t - 7,
                       t - part + 6, part + 3 < 8 ? t + 3 : t};
                   return static_cast<float>(expected[i % 6]);
                 }),
             0);
    CHECK_EQ(differences<double>(e.read(p.doubles, 64),
                                 [](size_t t) { return 1.0 / static_cast<double>((t ^ 31) + 1); }),
             0);
    CHECK_EQ(differences<int64_t>(e.read(p.integers, 64),
                                  [](size_t t) { return (static_cast<int64_t>(t / 32 * 32 + 9) << 40) + 1; }),
             0);
    CHECK_EQ(differences<unsigned>(e.read(p.masks, 320),
                                   [](size_t i) {
                                     const unsigned t = static_cast<unsigned>(i / 5), lane = t % 32;
                                     const unsigned expected[] = {0xaaaaaaaa, t >= 32, t < 32,
                                                                  0xffu << lane / 8 * 8,
                                                                  lane < 16 ? 4u : 0x40000u};
                                     return expected[i % 5];
                                   }),
             0);
  });
}

TEST("atomics") {
  in_all_orders([](Emulated& e) {
    const AtomicParameters p{e.upload<int>({0}), e.upload<unsigned long long>({0}), e.upload<int>({0}),
                             e.upload<unsigned>({0})};
    e.launch("test_atomics", 10, 64, p);
    CHECK_EQ(e.read(p.sum, 1)[0], 640 * 639 / 2 - 1000000);
    CHECK_EQ(e.read(p.greatest, 1)[0], 639ull << 33);
    CHECK(e.read(p.taken, 1)[0] > 0);
    CHECK_EQ(e.read(p.ring, 1)[0], 640 % 7);
  });
}

TEST("asynchronous copies arrive at the wait") {
  in_all_orders([](Emulated& e) {
    const float* const in = e.upload(counting(128));
    float* const out = e.allocate<float>(256);
    e.launch("test_async_copies", 1, 32, LateParameters{out, in, 1});
    const std::vector<float> result = e.read(out, 256);
    int wrong = 0;
    for (unsigned t = 0; t < 32; t++) {
      for (unsigned i = 0; i < 4; i++) wrong += result[t * 8 + i] != static_cast<float>((31 - t) * 4 + i);
      wrong += !std::isnan(result[t * 8 + 4]);
      wrong += result[t * 8 + 5] != 0;
    }
    CHECK_EQ(wrong, 0);
    e.launch("test_async_copies", 1, 32, LateParameters{out, in, 0});
    CHECK(std::isnan(e.read(out, 256)[0]));
  });
}

uint16_t bfloat16_of(float v) {
  uint32_t bits;
  std::memcpy(&bits, &v, 4);
  return static_cast<uint16_t>(bits >> 16);
}
float float_of_bfloat16(uint16_t h) {
  const uint32_t bits = static_cast<uint32_t>(h) << 16;
  float v;
  std::memcpy(&v, &bits, 4);
  return v;
}
/** By the definition of binary16. */
float float_of_float16(uint16_t h) {
  const int exponent = h >> 10 & 31, fraction = h & 1023;
  const float magnitude = exponent == 0    ? std::ldexp(static_cast<float>(fraction), -24)
                          : exponent == 31 ? (fraction ? NAN : INFINITY)
                                           : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  return h >> 15 ? -magnitude : magnitude;
}

TEST("matrices of tensor cores, to the lane") {
  in_all_orders([](Emulated& e) {
    test::Random random(5);
    std::vector<uint16_t> a(256), b(128);
    // Values that are finite in both formats, zeros and subnormal numbers of float16 among them.
    for (uint16_t& v : a) v = static_cast<uint16_t>(random.integer(0, 0x3fff) | (random.coin() ? 0x8000 : 0));
    for (uint16_t& v : b) v = bfloat16_of(static_cast<float>(random.integer(-4, 4)));
    const MatrixParameters p{e.upload(a), e.upload(b), e.allocate<uint32_t>(128), e.allocate<uint32_t>(128),
                             e.allocate<float>(256)};
    e.launch("test_matrices", 1, 32, p);
    const auto rows = e.read(p.rows, 128), columns = e.read(p.columns, 128);
    const auto products = e.read(p.products, 256);
    int wrong = 0;
    for (int lane = 0; lane < 32; lane++)
      for (int m = 0; m < 4; m++) {
        // Matrix m of the four: rows 8 (m % 2) on, columns 8 (m / 2) on.
        const auto element = [&](int r, int c) -> uint32_t {
          return a[static_cast<size_t>((r + m % 2 * 8) * 16 + c + m / 2 * 8)];
        };
        const int i = lane / 4, j = lane % 4 * 2;
        const size_t at = static_cast<size_t>(lane * 4 + m);
        wrong += rows[at] != (element(i, j) | element(i, j + 1) << 16);
        wrong += columns[at] != (element(j, i) | element(j + 1, i) << 16);
      }
    CHECK_EQ(wrong, 0);
    const float start[] = {1, 2, 3, 4};
    wrong = 0;
    for (size_t row = 0; row < 16; row++)
      for (size_t column = 0; column < 8; column++) {
        double sums[2] = {start[row / 8 * 2 + column % 2], 0}, sizes[2] = {4, 0};
        for (size_t k = 0; k < 16; k++) {
          const uint16_t x = a[row * 16 + k], y = b[k * 8 + column];
          const double terms[2] = {double{float_of_bfloat16(x)} * float_of_bfloat16(y),
                                   double{float_of_float16(x)} * float_of_float16(y)};
          for (int i = 0; i < 2; i++) sums[i] += terms[i], sizes[i] += std::fabs(terms[i]);
        }
        for (size_t i = 0; i < 2; i++)
          wrong += !(std::fabs(products[i * 128 + row * 8 + column] - sums[i]) <= 1e-6 * sizes[i]);
      }
    CHECK_EQ(wrong, 0);
  });
}

TEST("a kernel that can't go on fails its device, with the line") {
  const struct {
    int how;
    const char* says[4];
  } cases[] = {{0, {"test_stuck", "deadlock", "__shfl_sync", "emulation_test.cpp:"}},
               {1, {"test_stuck", "barrier", "others", "emulation_test.cpp:"}},
               {2, {"test_stuck", "own mask 00000001", "__shfl_sync", "emulation_test.cpp:"}},
               {3, {"test_stuck", "102400 bytes", "shared memory", ""}},
               {4, {"test_stuck", "cp.async", "8.0", "emulation_test.cpp:"}}};
  for (const auto& c : cases)
    for (Order order : {Order::forward, Order::reverse, Order::random}) {
      const test::About about("kind %d", c.how);
      emulation::set_order(order, 3);
      if (c.how == 4) emulation::set_capability(75);
      Emulated e;
      int* const out = e.upload<int>({0, 0, 0, 0});
      e.launch("test_stuck", 1, 64, StuckParameters{c.how, out});
      CHECK_EQ(driver_api.StreamSynchronize(e.stream), kIllegalAddress);
      const std::string text = failure_text();
      for (const char* part : c.says) {
        const test::About looking("'%s' in '%s'", part, text.c_str());
        CHECK(text.find(part) != std::string::npos);
      }
      // For good.
      Address a;
      CHECK_EQ(driver_api.MemAlloc(&a, 4), kIllegalAddress);
      CHECK_EQ(driver_api.StreamQuery(e.stream), kIllegalAddress);
      emulation::set_capability(80);
    }
  emulation::set_order(Order::forward, 1);
  // Others are not concerned.
  Emulated e;
  float* const x = e.upload(counting(64));
  e.launch("test_add", 1, 64, AddParameters{x, 1});
  CHECK_EQ(e.read(x, 64)[0], 1);
}

TEST("launches that can't be are refused") {
  Emulated e;
  float* const x = e.upload(counting(64));
  const AddParameters good{x, 1};
  struct Larger {
    AddParameters p;
    int more;
  };
  CHECK_EQ(e.try_launch("test_add", 1, 64, x), kInvalidValue);  // 8 bytes where there should be 16
  CHECK_EQ(e.try_launch("test_add", 1, 64, Larger{good, 0}), kInvalidValue);
  CHECK_EQ(e.try_launch("test_add", 1, 65, good), kInvalidValue);
  CHECK_EQ(e.try_launch("test_add", 1, 0, good), kInvalidValue);
  CHECK_EQ(e.try_launch("test_add", 0, 64, good), kInvalidValue);
  CHECK_EQ(e.try_launch("test_add", dim3(1, 65536), 64, good), kInvalidValue);
  CHECK_EQ(e.try_launch("test_add", 1, 64, good), kSuccess);
  void* separate[] = {nullptr, nullptr};
  CHECK_EQ(driver_api.LaunchKernel(e.function("test_add"), 1, 1, 1, 1, 1, 1, 0, e.stream, separate, nullptr),
           kInvalidValue);
  Function f = nullptr;
  CHECK_EQ(driver_api.ModuleGetFunction(&f, e.module, "test_none"), kNotFound);
  const Emulated other;  // current from now on
  CHECK_EQ(driver_api.StreamSynchronize(e.stream), kInvalidHandle);
}

TEST("dynamic shared memory has the bytes that are asked for") {
  in_all_orders([](Emulated& e) {
    unsigned char* const out = e.allocate<unsigned char>(3);
    const Function f = e.function("test_dynamic");
    const auto launch = [&](int bytes) {
      DynamicParameters p{out, bytes};
      size_t size = sizeof p;
      void* extra[] = {kParameterBuffer, &p, kParameterSize, &size, kParameterEnd};
      return driver_api.LaunchKernel(f, 1, 1, 1, 1, 1, 1, static_cast<unsigned>(bytes), e.stream, nullptr,
                                     extra);
    };
    CHECK_EQ(launch(49152), kSuccess);
    CHECK_EQ(launch(49153), kInvalidValue);
    CHECK_EQ(driver_api.FuncSetAttribute(f, kMaxDynamicSharedBytes, 200 << 10), kInvalidValue);
    CHECK_EQ(driver_api.FuncSetAttribute(f, kMaxDynamicSharedBytes, 160 << 10), kSuccess);
    for (int bytes : {160 << 10, 1000}) {
      CHECK_EQ(launch(bytes), kSuccess);
      const auto result = e.read(out, 3);
      CHECK_EQ(int{result[0]}, 0xff);
      CHECK_EQ(int{result[1]}, 0xff);
      CHECK_EQ(int{result[2]}, 3);
    }
  });
}

TEST("memory is limited, undefined at first, and only whole blocks are freed") {
  Emulated e;
  size_t free = 0, total = 0;
  must(driver_api.MemGetInfo(&free, &total));
  CHECK_EQ(total, 16777216);
  CHECK_EQ(free, total);
  Address a = 0, b = 0;
  CHECK_EQ(driver_api.MemAlloc(&a, 16000000), kSuccess);
  CHECK_EQ(driver_api.MemAlloc(&b, 1000000), kOutOfMemory);
  must(driver_api.MemGetInfo(&free, &total));
  CHECK_EQ(free, 777216);
  CHECK(std::isnan(e.read(reinterpret_cast<float*>(a), 4000000).back()));
  CHECK_EQ(driver_api.MemFree(a + 256), kInvalidValue);
  CHECK_EQ(driver_api.MemcpyDtoDAsync(a, a + 100, 200, e.stream), kInvalidValue);
  CHECK_EQ(driver_api.MemsetD8Async(a + 15999999, 0, 2, e.stream), kInvalidValue);
  char byte;
  CHECK_EQ(driver_api.MemcpyDtoHAsync(&byte, a + 16000000, 1, e.stream), kInvalidValue);
  CHECK_EQ(driver_api.MemFree(a), kSuccess);
  CHECK_EQ(driver_api.MemFree(a), kInvalidValue);
}

TEST("streams work when they are waited for") {
  Emulated e;
  float* const x = e.upload(counting(64));
  e.launch("test_add", 1, 64, AddParameters{x, 1});
  std::vector<float> result(64, 5);
  must(driver_api.MemcpyDtoHAsync(result.data(), address(x), 256, e.stream));
  CHECK(std::isnan(result[0]));
  must(driver_api.StreamSynchronize(e.stream));
  CHECK_EQ(result[0], 1);
  CHECK_EQ(result[63], 64);

  // Pinned memory is read then, other memory at the call.
  void* pinned_memory = nullptr;
  must(driver_api.MemHostAlloc(&pinned_memory, 256, 0));
  float* const pinned = static_cast<float*>(pinned_memory);
  pinned[0] = 7;
  must(driver_api.MemcpyHtoDAsync(address(x), pinned, 4, e.stream));
  pinned[0] = 8;
  CHECK_EQ(e.read(x, 1)[0], 8);
  float plain = 7;
  must(driver_api.MemcpyHtoDAsync(address(x), &plain, 4, e.stream));
  plain = 8;
  CHECK_EQ(e.read(x, 1)[0], 7);
  must(driver_api.MemFreeHost(pinned));
  must(driver_api.MemsetD8Async(address(x), 0, 4, e.stream));
  must(driver_api.MemcpyDtoDAsync(address(x + 1), address(x), 4, e.stream));
  CHECK_EQ(e.read(x, 2)[1], 0);
  must(driver_api.StreamDestroy(e.stream));
}

TEST("events order streams") {
  Emulated e;
  Stream second = nullptr;
  Event event = nullptr, later = nullptr;
  must(driver_api.StreamCreate(&second, kStreamNonBlocking));
  must(driver_api.EventCreate(&event, 0));
  must(driver_api.EventCreate(&later, 0));
  float* const x = e.upload(counting(64));
  CHECK_EQ(driver_api.EventQuery(event), kSuccess);  // never recorded
  must(driver_api.EventRecord(event, e.stream));
  for (int i = 0; i < 50; i++) e.launch("test_add", 1, 64, AddParameters{x, 1});
  must(driver_api.EventRecord(later, e.stream));

  // Up to the event, no further.
  must(driver_api.EventSynchronize(event));
  float ms = -1;
  CHECK_EQ(driver_api.EventElapsedTime(&ms, event, later), kNotReady);
  CHECK_EQ(driver_api.StreamQuery(e.stream), kNotReady);

  // The second stream sees what the first does before `later`, and the first's later work not yet.
  must(driver_api.StreamWaitEvent(second, later, 0));
  std::vector<float> result(64);
  must(driver_api.MemcpyDtoHAsync(result.data(), address(x), 256, second));
  e.launch("test_add", 1, 64, AddParameters{x, 1});
  must(driver_api.StreamSynchronize(second));
  CHECK_EQ(result[5], 55);
  CHECK_EQ(driver_api.EventElapsedTime(&ms, event, later), kSuccess);
  CHECK(ms >= 0);
  CHECK_EQ(e.read(x, 64)[5], 56);

  // Who asks long enough gets there.
  for (int i = 0; i < 50; i++) e.launch("test_add", 1, 64, AddParameters{x, 1});
  must(driver_api.EventRecord(later, e.stream));
  int asked = 0;
  while (driver_api.EventQuery(later) == kNotReady) asked++;
  CHECK(asked > 1 && asked < 100);
  must(driver_api.EventDestroy(event));
  CHECK_EQ(driver_api.EventDestroy(event), kInvalidHandle);
}

TEST("graphs are recorded once and replayed") {
  Emulated e;
  float* const x = e.upload(counting(64));
  Stream side = nullptr;
  Event fork_event = nullptr, join = nullptr;
  must(driver_api.StreamCreate(&side, kStreamNonBlocking));
  must(driver_api.EventCreate(&fork_event, kEventNoTiming));
  must(driver_api.EventCreate(&join, kEventNoTiming));
  e.read(x, 1);
  must(driver_api.StreamBeginCapture(e.stream, kCaptureThreadLocal));
  e.launch("test_add", 1, 64, AddParameters{x, 1});
  must(driver_api.EventRecord(fork_event, e.stream));
  must(driver_api.StreamWaitEvent(side, fork_event, 0));
  e.launch("test_add", 1, 64, AddParameters{x, 10}, 0, side);
  must(driver_api.EventRecord(join, side));
  must(driver_api.StreamWaitEvent(e.stream, join, 0));
  e.launch("test_add", 1, 64, AddParameters{x, 100});
  Graph graph = nullptr;
  GraphExec exec = nullptr;
  must(driver_api.StreamEndCapture(e.stream, &graph));
  CHECK_EQ(e.read(x, 64)[3], 3);  // nothing has run
  must(driver_api.GraphInstantiate(&exec, graph, 0));
  must(driver_api.GraphDestroy(graph));
  for (int i = 1; i <= 3; i++) {
    must(driver_api.GraphLaunch(exec, e.stream));
    CHECK_EQ(e.read(x, 64)[3], 3 + 111 * i);
  }
  must(driver_api.GraphExecDestroy(exec));

  // A wait breaks a capture.
  must(driver_api.StreamBeginCapture(e.stream, kCaptureThreadLocal));
  CHECK_EQ(driver_api.StreamSynchronize(e.stream), kCaptureUnsupported);
  CHECK_EQ(driver_api.StreamEndCapture(e.stream, &graph), kCaptureInvalidated);
  must(driver_api.StreamBeginCapture(e.stream, kCaptureThreadLocal));
  Address a;
  CHECK_EQ(driver_api.MemAlloc(&a, 4), kCaptureUnsupported);
  CHECK_EQ(driver_api.StreamEndCapture(e.stream, &graph), kCaptureInvalidated);
}

TEST("memory goes from device to device") {
  Emulated first;
  float* const from = first.upload(counting(64));
  first.launch("test_add", 1, 64, AddParameters{from, 1});
  Event ready = nullptr;
  must(driver_api.EventCreate(&ready, kEventNoTiming));
  must(driver_api.EventRecord(ready, first.stream));
  Emulated second;
  float* const to = second.allocate<float>(64);
  must(driver_api.StreamWaitEvent(second.stream, ready, 0));
  must(driver_api.MemcpyPeerAsync(address(to), second.context, address(from), first.context, 256,
                                  second.stream));
  CHECK_EQ(second.read(to, 64)[9], 10);
  // An address of the other device is none of this one.
  CHECK_EQ(driver_api.MemsetD8Async(address(from), 0, 4, second.stream), kInvalidValue);
}

TEST("threads may use the driver at once") {
  Emulated e;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([&, i] {
      must(driver_api.CtxSetCurrent(e.context));
      Emulated own = e;
      must(driver_api.StreamCreate(&own.stream, kStreamNonBlocking));
      for (int round = 0; round < (kSlow ? 3 : 20); round++) {
        const float* const in = own.upload(counting(64, static_cast<float>(i)));
        float* const out = own.allocate<float>(64);
        own.launch("test_reverse", 1, 64, ReverseParameters{in, out, 1, 0}, 256);
        wrong += differences<float>(
            own.read(out, 64), [&](size_t k) { return static_cast<float>(i) + 63 - static_cast<float>(k); });
        must(driver_api.MemFree(address(in)));
        must(driver_api.MemFree(address(out)));
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK_EQ(wrong.load(), 0);
}

}  // namespace
