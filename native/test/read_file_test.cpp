// Files read by all threads, and the checksum of what was read.
#include "core/read_file.h"

#include <filesystem>
#include <fstream>

#ifndef _WIN32
#include <fcntl.h>
#include <unistd.h>
#endif

#include "core/crc32.h"
#include "core/parallel.h"
#include "test/test.h"

using namespace tenon;

namespace {

std::vector<unsigned char> random_bytes(size_t size) {
  test::Random random{1};
  std::vector<unsigned char> bytes(size);
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random.bits());
  return bytes;
}

#ifndef _WIN32

/** A file of these bytes, open; gone at its end. */
class OpenFile {
 public:
  explicit OpenFile(const std::vector<unsigned char>& bytes)
      : path_(std::filesystem::temp_directory_path() / ("tenon-read-" + std::to_string(getpid()))) {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    descriptor_ = open(path_.c_str(), O_RDONLY);
  }
  ~OpenFile() {
    close(descriptor_);
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  std::filesystem::path path_;
  int descriptor_;
};

#endif

}  // namespace

TEST("checksums: those of the standard's examples") {
  CHECK_EQ(crc32(0, "", 0), 0u);
  CHECK_EQ(crc32(0, "123456789", 9), 0xcbf43926u);
  const std::vector<unsigned char> zeros(32, 0), ones(32, 255);
  CHECK_EQ(crc32(0, zeros.data(), 32), 0x190a55adu);
  CHECK_EQ(crc32(0, ones.data(), 32), 0xff6cab0bu);
}

TEST("checksums: every length and alignment, by instructions as by tables") {
  const auto bytes = random_bytes(5000);
  for (size_t size = 0; size < 600; size++)
    for (size_t at = 0; at < 17; at++) {
      const test::About about("%zu bytes from %zu", size, at);
      const uint32_t before = static_cast<uint32_t>(size * 2654435761u);
      CHECK_EQ(crc32(before, &bytes[at], size), crc32_by_tables(before, &bytes[at], size));
    }
  CHECK_EQ(crc32(0, bytes.data(), bytes.size()), crc32_by_tables(0, bytes.data(), bytes.size()));
}

TEST("checksums: of two pieces in a row") {
  const auto bytes = random_bytes(3000);
  const uint32_t whole = crc32(0, bytes.data(), bytes.size());
  for (size_t first = 0; first <= bytes.size(); first += 50) {
    const uint32_t a = crc32(0, bytes.data(), first),
                   b = crc32(0, bytes.data() + first, bytes.size() - first);
    CHECK_EQ(crc32_combine(a, b, crc32_shift(bytes.size() - first)), whole);
    CHECK_EQ(crc32(a, bytes.data() + first, bytes.size() - first), whole);
  }
}

#ifndef _WIN32

TEST("files: what is at any place, by any number of threads") {
  const auto bytes = random_bytes((1 << 20) + 12345);
  const OpenFile file(bytes);
  const int before = num_threads();
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    for (const size_t size :
         {size_t{0}, size_t{1}, size_t{1} << 18, (size_t{1} << 18) + 1, bytes.size() - 7}) {
      const test::About about("%d threads, %zu bytes", threads, size);
      std::vector<unsigned char> to(size + 1, 77);
      uint32_t crc = 1;
      CHECK(read_file(file.descriptor(), 7, to.data(), size, &crc));
      CHECK(std::memcmp(to.data(), &bytes[7], size) == 0);
      CHECK_EQ(to[size], 77);
      CHECK_EQ(crc, crc32_by_tables(0, &bytes[7], size));
      CHECK(read_file(file.descriptor(), 7, to.data(), size, nullptr));
    }
  }
  set_num_threads(before);
}

TEST("files: that end before, or are none") {
  const auto bytes = random_bytes(1 << 20);
  const OpenFile file(bytes);
  std::vector<unsigned char> to(bytes.size());
  uint32_t crc = 0;
  CHECK(!read_file(file.descriptor(), 1, to.data(), to.size(), &crc));
  CHECK(!read_file(file.descriptor(), uint64_t{1} << 40, to.data(), 1, nullptr));
  CHECK(!read_file(-1, 0, to.data(), 1, &crc));
}

#endif
