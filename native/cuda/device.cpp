#include "cuda/device.h"

#include <cstring>
#include <new>

#include "cpu/kernel_table.h"
#include "cuda/host.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

/** Pinned memory that the bytes and the failure record come to, and an event behind them. */
struct LaterRead {
  Device* device = nullptr;
  driver::Event event = nullptr;
  char* memory = nullptr;  // the record, then the bytes
  size_t capacity = 0;     // of bytes
  void* to = nullptr;
  size_t bytes = 0;
};

namespace {

constexpr size_t kRecordBytes = 64;
static_assert(sizeof(FailureRecord) <= kRecordBytes, "a record has room before the bytes");

driver::Address address_of(const void* p) { return reinterpret_cast<driver::Address>(p); }

}  // namespace

std::unique_ptr<Device> Device::open(int index, std::string& reason) {
  const System& s = system();
  if (!s.api) {
    reason = s.reason;
    return nullptr;
  }
  if (index < 0 || index >= static_cast<int>(s.devices.size())) {
    reason = "there is no such device: " + std::to_string(s.devices.size()) + " can be used";
    return nullptr;
  }
  SystemDevice& device = *s.devices[static_cast<size_t>(index)];
  const driver::Context context = device.context(reason);
  if (!context) return nullptr;
  std::unique_ptr<Device> made(new Device(*s.api, device, context, index));
  return made->set_up(reason) ? std::move(made) : nullptr;
}

Device::Device(const driver::Api& api, SystemDevice& system, driver::Context context, int index)
    : api_(api),
      system_(system),
      context_(context),
      place_(static_cast<uint8_t>(index + 1)),
      pool_(
          api, [](void* self) { static_cast<Device*>(self)->drain(); }, this),
      staging_(api) {
  multiprocessors_ = system.multiprocessors;
  capability_ = system.capability();
}

bool Device::set_up(std::string& reason) {
  driver::Stream stream = nullptr;
  void* pinned = nullptr;
  ok(make_current(context_));
  if (ok(api_.StreamCreate(&stream, driver::kStreamNonBlocking))) streams_.push_back(stream);
  ok(api_.EventCreate(&order_event_, driver::kEventNoTiming));
  if (ok(api_.MemHostAlloc(&pinned, kRecordBytes, 0))) pinned_failure_ = static_cast<FailureRecord*>(pinned);
  failure_block_ = pool_.allocate(sizeof(FailureRecord));
  if (!failure_block_) ok(driver::kOutOfMemory);
  if (result_ == driver::kSuccess) {
    failure_ = static_cast<FailureRecord*>(failure_block_->address);
    zero(failure_, sizeof(FailureRecord));
  }
  if (result_ == driver::kSuccess) return true;
  reason = system_.name + " can't be used: " + describe(result_);
  return false;
}

Device::~Device() {
  make_current(context_);
  drain();
  blas_.reset();
  for (LaterRead* r : finished_) {
    api_.MemFreeHost(r->memory);
    api_.EventDestroy(r->event);
    delete r;
  }
  if (failure_block_) pool_.release(failure_block_);
  staging_.release();
  if (pinned_failure_) api_.MemFreeHost(pinned_failure_);
  if (order_event_) api_.EventDestroy(order_event_);
  for (driver::Stream s : streams_)
    if (s) api_.StreamDestroy(s);
  streams_.clear();
}

bool Device::ok(driver::Result r) {
  if (result_ == driver::kSuccess) result_ = r;
  return r == driver::kSuccess;
}

bool Device::enter(LaunchError& error) { return ok(make_current(context_)) || settled("cuda", error); }

bool Device::settled(const char* op, LaunchError& error) {
  const driver::Result r = result_;
  result_ = driver::kSuccess;
  if (!lost_.empty()) {
    if (refused_.empty())
      set_error(error, ErrorCode::internal, "%s: the CUDA kernels have no %s: they are of another build", op,
                lost_.c_str());
    else
      set_error(error, ErrorCode::device, "%s: the CUDA kernel %s can't be loaded on %s: %s", op,
                lost_.c_str(), system_.name.c_str(), refused_.c_str());
    lost_.clear();
    return false;
  }
  if (r == driver::kSuccess) return true;
  set_error(error, r == driver::kOutOfMemory ? ErrorCode::out_of_memory : ErrorCode::device, "%s: %s: %s", op,
            system_.name.c_str(), describe(r).c_str());
  return false;
}

/** Waits for all streams. */
bool Device::drain() {
  bool done = true;
  for (driver::Stream s : streams_)
    if (s) done &= ok(api_.StreamSynchronize(s));
  return done;
}

ForeignStorage* Device::allocate(int64_t bytes) {
  if (!ok(make_current(context_))) return nullptr;
  Block* const b = pool_.allocate(bytes);
  if (!b) return nullptr;
  b->place = place_;
  b->owner = this;
  b->take_back = &take_back;
  return b;
}

void Device::take_back(void* device, ForeignStorage* s) {
  Device& d = *static_cast<Device*>(device);
  make_current(d.context_);
  d.pool_.release(static_cast<Block*>(s));
}

void Device::order_stream(int from, int to) {
  const driver::Stream earlier = streams_[static_cast<size_t>(from)];
  if (!earlier) return;  // it was waited for when it was destroyed
  ok(api_.EventRecord(order_event_, earlier));
  ok(api_.StreamWaitEvent(streams_[static_cast<size_t>(to)], order_event_, 0));
}

/** The current stream is about to use the storage. */
void Device::order(Storage* s) {
  Block* const b = static_cast<Block*>(s);
  if (b->stream == current_) return;
  order_stream(b->stream, current_);
  b->stream = current_;
}

Block* Device::take(size_t bytes) {
  Block* const b = pool_.allocate(static_cast<int64_t>(bytes));
  if (!b) throw std::bad_alloc();
  order(b);
  return b;
}

void* Device::scratch(size_t bytes) {
  if (scratch_) pool_.release(scratch_);
  scratch_ = nullptr;
  scratch_ = take(bytes);
  return scratch_->address;
}

void* Device::keep(size_t bytes) {
  kept_.push_back(nullptr);  // before there is a block to lose
  kept_.back() = take(bytes);
  return kept_.back()->address;
}

void Device::zero(void* to, size_t bytes) {
  if (bytes) ok(api_.MemsetD8Async(address_of(to), 0, bytes, streams_[static_cast<size_t>(current_)]));
}

void Device::copy(void* to, const void* from, size_t bytes) {
  if (bytes)
    ok(api_.MemcpyDtoDAsync(address_of(to), address_of(from), bytes,
                            streams_[static_cast<size_t>(current_)]));
}

void Device::upload(void* to, const void* from, size_t bytes) {
  if (bytes) ok(staging_.write(address_of(to), from, bytes, streams_[static_cast<size_t>(current_)]));
}

Blas* Device::blas() {
  if (!blas_opened_) blas_ = Blas::open();
  blas_opened_ = true;
  if (blas_) blas_->use(streams_[static_cast<size_t>(current_)]);
  return blas_.get();
}

Device::Kernel* Device::kernel(const char* name) {
  Kernel& k = kernels_[name];
  std::string refused;
  if (!k.function) k.function = system_.function(name, refused);
  if (k.function) return &k;
  if (lost_.empty()) {
    lost_ = name;
    refused_ = refused;
  }
  return nullptr;
}

void Device::launch_bytes(const char* name, Blocks blocks, unsigned threads, const void* parameters,
                          size_t bytes, size_t shared_bytes) {
  Kernel* const k = kernel(name);
  if (!k) return;
  if (shared_bytes > k->shared_bytes) {
    if (!ok(api_.FuncSetAttribute(k->function, driver::kMaxDynamicSharedBytes,
                                  static_cast<int>(shared_bytes))))
      return;
    k->shared_bytes = shared_bytes;
  }
  void* extra[] = {driver::kParameterBuffer, const_cast<void*>(parameters), driver::kParameterSize, &bytes,
                   driver::kParameterEnd};
  ok(api_.LaunchKernel(k->function, blocks.x, blocks.y, blocks.z, threads, 1, 1,
                       static_cast<unsigned>(shared_bytes), streams_[static_cast<size_t>(current_)], nullptr,
                       extra));
}

bool Device::submit(Launch& l, LaunchError& error) {
  const char* const op = op_name(l.op);
  error.code = ErrorCode::none;
  if (!enter(error)) return false;
  for (uint32_t i = 0; i < l.outputs + l.inputs + l.scalars; i++)
    if (Storage* const s = l.storages[i])
      if (s->place == place_) order(s);
  l.error = &error;
  try {
    if (!kernel_table[l.op]) return run_on_host(*this, l, error);
    kernel_table[l.op](l, *this);
  } catch (const std::bad_alloc&) {
    set_error(error, ErrorCode::out_of_memory, "%s: no memory on %s for the kernel's working space", op,
              system_.name.c_str());
  }
  if (scratch_) pool_.release(scratch_);
  scratch_ = nullptr;
  for (Block* b : kept_)
    if (b) pool_.release(b);
  kept_.clear();
  if (error) {
    result_ = driver::kSuccess;
    return false;
  }
  return settled(op, error);
}

bool Device::write(Storage* s, void* address, const void* from, size_t bytes, LaunchError& error) {
  if (!enter(error)) return false;
  order(s);
  if (bytes) ok(staging_.write(address_of(address), from, bytes, streams_[static_cast<size_t>(current_)]));
  return settled("copy", error);
}

bool Device::read(Storage* s, const void* address, void* to, size_t bytes, LaunchError& error) {
  if (!enter(error)) return false;
  order(s);
  const driver::Stream stream = streams_[static_cast<size_t>(current_)];
  if (bytes) ok(api_.MemcpyDtoHAsync(to, address_of(address), bytes, stream));
  ok(api_.MemcpyDtoHAsync(pinned_failure_, address_of(failure_), sizeof(FailureRecord), stream));
  ok(api_.StreamSynchronize(stream));
  if (!settled("copy", error)) return false;
  if (pinned_failure_->state == 0) return true;
  explain(*pinned_failure_, error);
  zero(failure_, sizeof(FailureRecord));
  return false;
}

bool Device::copy_from(Device& other, Storage* source, const void* from, Storage* target, void* to,
                       size_t bytes, LaunchError& error) {
  if (&other == this) {
    if (!enter(error)) return false;
    order(source);
    order(target);
    copy(to, from, bytes);
    return settled("copy", error);
  }
  // Everything that either device does with the bytes is on its own stream: the copy waits for the source's,
  // and that one's later launches for the copy.
  if (!other.enter(error)) return false;
  other.order(source);
  ok(api_.EventRecord(other.order_event_, other.streams_[static_cast<size_t>(other.current_)]));
  if (!enter(error)) return false;
  order(target);
  const driver::Stream stream = streams_[static_cast<size_t>(current_)];
  ok(api_.StreamWaitEvent(stream, other.order_event_, 0));
  if (bytes)
    ok(api_.MemcpyPeerAsync(address_of(to), context_, address_of(from), other.context_, bytes, stream));
  ok(api_.EventRecord(order_event_, stream));
  if (!other.enter(error)) return false;
  ok(api_.StreamWaitEvent(other.streams_[static_cast<size_t>(other.current_)], order_event_, 0));
  return settled("copy", error);
}

/** One whose memory can be used again, or null. */
LaterRead* Device::finished() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (finished_.empty()) return nullptr;
  LaterRead* const r = finished_.back();
  finished_.pop_back();
  return r;
}

LaterRead* Device::read_later(Storage* s, const void* address, void* to, size_t bytes, LaunchError& error) {
  if (!enter(error)) return nullptr;
  if (s)
    order(s);
  else
    for (size_t i = 0; i < streams_.size(); i++)
      if (static_cast<int>(i) != current_) order_stream(static_cast<int>(i), current_);
  LaterRead* r = finished();
  if (r && r->capacity < bytes) {
    api_.MemFreeHost(r->memory);
    api_.EventDestroy(r->event);
    delete r;
    r = nullptr;
  }
  if (!r) {
    r = new LaterRead;
    void* memory = nullptr;
    r->device = this;
    r->capacity = bytes < 4096 ? 4096 : bytes;
    if (!ok(api_.MemHostAlloc(&memory, kRecordBytes + r->capacity, 0)) ||
        !ok(api_.EventCreate(&r->event, driver::kEventNoTiming | driver::kEventBlockingSync))) {
      if (memory) api_.MemFreeHost(memory);
      delete r;
      settled("read", error);
      return nullptr;
    }
    r->memory = static_cast<char*>(memory);
  }
  r->to = to;
  r->bytes = bytes;
  const driver::Stream stream = streams_[static_cast<size_t>(current_)];
  if (bytes) ok(api_.MemcpyDtoHAsync(r->memory + kRecordBytes, address_of(address), bytes, stream));
  // This read takes the failure with it.
  ok(api_.MemcpyDtoHAsync(r->memory, address_of(failure_), sizeof(FailureRecord), stream));
  zero(failure_, sizeof(FailureRecord));
  ok(api_.EventRecord(r->event, stream));
  if (settled("read", error)) return r;
  std::lock_guard<std::mutex> lock(mutex_);
  finished_.push_back(r);
  return nullptr;
}

void Device::finish(LaterRead* r, LaunchError& error) {
  Device& d = *r->device;
  driver::Result result = make_current(d.context_);
  if (result == driver::kSuccess) result = d.api_.EventSynchronize(r->event);
  if (result != driver::kSuccess) {
    set_error(error, ErrorCode::device, "read: %s: %s", d.system_.name.c_str(), describe(result).c_str());
  } else {
    FailureRecord record;
    std::memcpy(&record, r->memory, sizeof record);
    if (record.state != 0)
      explain(record, error);
    else if (r->bytes)
      std::memcpy(r->to, r->memory + kRecordBytes, r->bytes);
  }
  std::lock_guard<std::mutex> lock(d.mutex_);
  d.finished_.push_back(r);
}

bool Device::synchronize(LaunchError& error) {
  if (!enter(error)) return false;
  if (drain()) return read(failure_block_, failure_, pinned_failure_, sizeof(FailureRecord), error);
  return settled("synchronize", error);
}

void Device::empty_cache() {
  make_current(context_);
  pool_.empty_cache();
}

bool Device::free_and_total(size_t& free, size_t& total) {
  return make_current(context_) == driver::kSuccess && api_.MemGetInfo(&free, &total) == driver::kSuccess;
}

int Device::create_stream(LaunchError& error) {
  driver::Stream stream = nullptr;
  if (!enter(error)) return -1;
  ok(api_.StreamCreate(&stream, driver::kStreamNonBlocking));
  if (!settled("Stream", error)) return -1;
  streams_.push_back(stream);
  return static_cast<int>(streams_.size()) - 1;
}

driver::Stream Device::stream_handle(int id) const {
  return id >= 0 && id < static_cast<int>(streams_.size()) ? streams_[static_cast<size_t>(id)] : nullptr;
}

bool Device::destroy_stream(int id, LaunchError& error) {
  const driver::Stream stream = id == 0 ? nullptr : stream_handle(id);
  if (!stream || !enter(error)) return !error;
  if (current_ == id) current_ = 0;
  ok(api_.StreamSynchronize(stream));
  ok(api_.StreamDestroy(stream));
  streams_[static_cast<size_t>(id)] = nullptr;
  return settled("Stream", error);
}

bool Device::set_stream(int id) {
  if (!stream_handle(id)) return false;
  current_ = id;
  return true;
}

bool Device::synchronize_stream(int id, LaunchError& error) {
  const driver::Stream stream = stream_handle(id);
  if (!stream || !enter(error)) return !error;
  ok(api_.StreamSynchronize(stream));
  if (!settled("synchronize", error)) return false;
  const int before = current_;
  current_ = id;
  const bool done = read(failure_block_, failure_, pinned_failure_, sizeof(FailureRecord), error);
  current_ = before;
  return done;
}

bool Device::query_stream(int id, bool& complete, LaunchError& error) {
  const driver::Stream stream = stream_handle(id);
  complete = true;
  if (!stream || !enter(error)) return !error;
  const driver::Result r = api_.StreamQuery(stream);
  complete = r != driver::kNotReady;
  if (r != driver::kNotReady) ok(r);
  return settled("query", error);
}

bool Device::wait_event(int id, driver::Event event, LaunchError& error) {
  const driver::Stream stream = stream_handle(id);
  if (!stream || !enter(error)) return !error;
  ok(api_.StreamWaitEvent(stream, event, 0));
  return settled("waitEvent", error);
}

}  // namespace cuda
}  // namespace tenon
