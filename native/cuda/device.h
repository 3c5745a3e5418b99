// A CUDA device of one environment: its streams, its memory, and how launches and copies get there.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/launch.h"
#include "cuda/blas.h"
#include "cuda/pool.h"
#include "cuda/queue.h"
#include "cuda/staging.h"
#include "cuda/system.h"

namespace tenon {
namespace cuda {

/** A copy to the host that another thread waits for. */
struct LaterRead;

/**
 * Used by one thread, its environment's, but for `finish`. Launches go to the current stream; a block that
 * another stream used last orders the current one behind that, so that nothing needs to be synchronized by
 * hand.
 */
class Device final : public Queue {
 public:
  /** Null, with a reason, when the device can't be used. */
  static std::unique_ptr<Device> open(int index, std::string& reason);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /** 1 for the first device: what Storage::place says. */
  uint8_t place() const { return place_; }

  /** Null when there is no memory. */
  ForeignStorage* allocate(int64_t bytes);
  /** False, with the error, when nothing was written. */
  bool submit(Launch&, LaunchError&);

  // Copies of dense bytes; `address` lies in the storage. False, with the error, when they failed.
  /** `from` is read now. */
  bool write(Storage*, void* address, const void* from, size_t bytes, LaunchError&);
  /** Waits; an earlier launch that failed is told of here. */
  bool read(Storage*, const void* address, void* to, size_t bytes, LaunchError&);
  /** Within this device, or from another one of this environment. */
  bool copy_from(Device&, Storage* source, const void* from, Storage* target, void* to, size_t bytes,
                 LaunchError&);
  /** Starts a copy to the host that finish() completes, on any thread, once; null with the error. */
  LaterRead* read_later(Storage*, const void* address, void* to, size_t bytes, LaunchError&);
  /** Starts nothing: finish() waits for all that was submitted. */
  LaterRead* wait_later(LaunchError& error) { return read_later(nullptr, nullptr, nullptr, 0, error); }
  static void finish(LaterRead*, LaunchError&);

  /** Waits for all streams, and tells of a launch that failed. */
  bool synchronize(LaunchError&);
  void empty_cache();
  Pool& pool() { return pool_; }
  bool free_and_total(size_t& free, size_t& total);

  // Streams, by number: 0 is the default one. Numbers are not used again.
  int create_stream(LaunchError&);
  bool destroy_stream(int, LaunchError&);
  bool set_stream(int);
  int stream() const { return current_; }
  bool synchronize_stream(int, LaunchError&);
  /** Whether all that was given to it is complete. */
  bool query_stream(int, bool& complete, LaunchError&);
  /** Null when there is no such stream. */
  driver::Stream stream_handle(int) const;
  bool wait_event(int, driver::Event, LaunchError&);
  /** Makes the device's context the thread's. */
  bool enter(LaunchError&);
  const driver::Api& api() const { return api_; }

  void* scratch(size_t bytes) override;
  void* keep(size_t bytes) override;
  void zero(void* to, size_t bytes) override;
  void copy(void* to, const void* from, size_t bytes) override;
  void upload(void* to, const void* from, size_t bytes) override;
  Blas* blas() override;

 private:
  struct Kernel {
    driver::Function function = nullptr;
    size_t shared_bytes = 48 << 10;  // that it may have
  };

  Device(const driver::Api&, SystemDevice&, driver::Context, int index);
  bool set_up(std::string& reason);
  void launch_bytes(const char* name, Blocks, unsigned threads, const void* parameters, size_t bytes,
                    size_t shared_bytes) override;
  Kernel* kernel(const char* name);
  void order(Storage*);
  /** Working memory. Throws std::bad_alloc. */
  Block* take(size_t bytes);
  void order_stream(int from, int to);
  /** Remembers the first of this op's driver errors. */
  bool ok(driver::Result);
  /** Whether nothing went wrong since the last call; else the error. */
  bool settled(const char* op, LaunchError&);
  bool drain();
  static void take_back(void* device, ForeignStorage*);
  LaterRead* finished();

  const driver::Api& api_;
  SystemDevice& system_;
  const driver::Context context_;
  const uint8_t place_;
  std::vector<driver::Stream> streams_;
  int current_ = 0;
  driver::Event order_event_ = nullptr;
  Pool pool_;
  Staging staging_;
  std::unordered_map<const void*, Kernel> kernels_;  // by the address of the name
  std::unique_ptr<Blas> blas_;
  bool blas_opened_ = false;  // or there is none
  Block* scratch_ = nullptr;
  std::vector<Block*> kept_;  // to the end of the op that runs
  Block* failure_block_ = nullptr;
  FailureRecord* pinned_failure_ = nullptr;  // a copy in pinned memory
  driver::Result result_ = driver::kSuccess;
  std::string lost_;     // a kernel that could not be had
  std::string refused_;  // why, if the driver said so

  std::mutex mutex_;  // guards the next
  std::vector<LaterRead*> finished_;
};

}  // namespace cuda
}  // namespace tenon
