// The file of compiled kernels: what it gives in which order, and that no damage is taken for an image.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "cuda/images.h"
#include "test/test.h"

using namespace tenon::cuda;
using Bytes = std::vector<unsigned char>;
using Problem = Images::Problem;

namespace {

void put(Bytes& to, size_t at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) to.at(at + i) = static_cast<unsigned char>(value >> (8 * i));
}

/** A fat binary as far as its header goes. */
Bytes fat_binary(unsigned char mark, size_t bytes = 40) {
  Bytes data(bytes, mark);
  put(data, 0, 0xba55ed50, 4);
  put(data, 4, 1, 2);
  put(data, 6, 16, 2);
  put(data, 8, bytes - 16, 8);
  return data;
}

Bytes text(const char* words) { return Bytes(words, words + std::strlen(words) + 1); }

struct Entry {
  uint32_t kind, architecture;
  Bytes data;
};

Bytes file_of(const std::vector<Entry>& entries) {
  Bytes file(12 + 24 * entries.size());
  std::memcpy(file.data(), "TENONCU1", 8);
  put(file, 8, entries.size(), 4);
  for (size_t i = 0; i < entries.size(); i++) {
    file.resize((file.size() + 15) / 16 * 16);
    const size_t entry = 12 + 24 * i;
    put(file, entry, entries[i].kind, 4);
    put(file, entry + 4, entries[i].architecture, 4);
    put(file, entry + 8, file.size(), 8);
    put(file, entry + 16, entries[i].data.size(), 8);
    file.insert(file.end(), entries[i].data.begin(), entries[i].data.end());
  }
  return file;
}

const std::vector<Entry> kUsual = {
    {1, 75, text("first for 75")}, {0, 0, fat_binary(1)},          {1, 80, text("first for 80")},
    {0, 0, fat_binary(2, 24)},     {1, 75, text("second for 75")}, {1, 80, text("second for 80")},
};

Problem parse(const Bytes& content) {
  Images images;
  const Problem problem = images.parse(content);
  CHECK_EQ(images.reason().empty(), problem == Problem::kNone);
  CHECK(problem == Problem::kNone || images.attempts(90).empty());
  return problem;
}

}  // namespace

TEST("machine code comes first, then PTX for the newest architecture that the device has") {
  Images images;
  CHECK(images.parse(file_of(kUsual)) == Problem::kNone);
  const std::vector<ImageSet> sets = images.attempts(90);
  CHECK_EQ(sets.size(), 3);
  for (const ImageSet& set : sets) CHECK_EQ(set.size(), 2);
  CHECK_EQ(static_cast<int>(sets[0][0].kind), 0);
  CHECK_EQ(sets[0][0].data[20], 1);
  CHECK_EQ(sets[0][1].data[20], 2);
  CHECK_EQ(sets[0][1].bytes, 24);
  CHECK(!std::strcmp(reinterpret_cast<const char*>(sets[1][0].data), "first for 80"));
  CHECK(!std::strcmp(reinterpret_cast<const char*>(sets[2][1].data), "second for 75"));
  for (const ImageSet& set : sets)
    for (const Image& image : set) CHECK_EQ(reinterpret_cast<uintptr_t>(image.data) % 16, 0);
  CHECK_EQ(images.attempts(75).size(), 2);
  CHECK_EQ(images.attempts(70).size(), 1);
}

TEST("a file that is cut anywhere is damaged") {
  const Bytes whole = file_of(kUsual);
  CHECK(parse(whole) == Problem::kNone);
  for (size_t bytes = 0; bytes < whole.size(); bytes++) {
    test::About about("%zu bytes", bytes);
    CHECK(parse(Bytes(whole.begin(), whole.begin() + bytes)) == Problem::kDamaged);
  }
}

TEST("numbers that can't be are damage") {
  const Bytes whole = file_of(kUsual);
  const struct {
    size_t at;
    int bytes;
    uint64_t value;
  } wrong[] = {
      {0, 1, 'X'},                     // another beginning
      {7, 1, '2'},                     // another version
      {8, 4, 0},                       // no images
      {8, 4, 0xffffffff},              // more than there is room for
      {12, 4, 2},                      // a kind that there isn't
      {36 + 4, 4, 80},                 // an architecture for machine code
      {12 + 4, 4, 0xffffffff},         // one that there isn't
      {12 + 8, 8, 16},                 // an image in the header
      {12 + 8, 8, 161},                // not aligned
      {12 + 8, 8, ~uint64_t{0} - 15},  // beyond the end
      {12 + 16, 8, ~uint64_t{0}},      // so large that its end is before its beginning
      {12 + 16, 8, 0},                 // empty
      {36 + 16, 8, 39},                // shorter than the fat binary in it
  };
  for (const auto& w : wrong) {
    test::About about("%llu at %zu", static_cast<unsigned long long>(w.value), w.at);
    Bytes file = whole;
    put(file, w.at, w.value, w.bytes);
    CHECK(parse(file) == Problem::kDamaged);
  }
}

TEST("an image that its kind doesn't allow is damage") {
  Bytes wrong = fat_binary(0);
  put(wrong, 8, 25, 8);  // one byte more than there is
  CHECK(parse(file_of({{0, 0, wrong}})) == Problem::kDamaged);
  put(wrong, 8, ~uint64_t{0}, 8);
  CHECK(parse(file_of({{0, 0, wrong}})) == Problem::kDamaged);
  CHECK(parse(file_of({{0, 0, text("no fat binary at all")}})) == Problem::kDamaged);
  CHECK(parse(file_of({{1, 75, Bytes(16, 'x')}})) == Problem::kDamaged);
  Bytes broken = text("text and text");
  broken[4] = 0;
  CHECK(parse(file_of({{1, 75, broken}})) == Problem::kDamaged);
}

TEST("any byte may be any other: no crash, and no image outside the file") {
  const Bytes whole = file_of(kUsual);
  test::Random random(1);
  for (int i = 0; i < 20000; i++) {
    Bytes file = whole;
    for (int64_t n = random.integer(1, 4); n > 0; n--)
      file[random.integer(0, 180)] = static_cast<unsigned char>(random.bits());
    Images images;
    if (images.parse(file) != Problem::kNone) continue;
    for (const ImageSet& set : images.attempts(1000))
      for (const Image& image : set) CHECK(image.bytes > 0 && image.bytes < whole.size());
  }
  CHECK(parse(whole) == Problem::kNone);
}

TEST("a file that is missing is told from one that is damaged") {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "tenon-images-test";
  std::filesystem::remove(path);
  Images images;
  CHECK(images.read(path.string()) == Problem::kMissing);
  CHECK(images.reason().find(path.string()) != std::string::npos);
  const Bytes whole = file_of(kUsual);
  for (const size_t bytes : {whole.size(), whole.size() - 1, size_t{0}}) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(whole.data()), bytes);
    CHECK(images.read(path.string()) == (bytes == whole.size() ? Problem::kNone : Problem::kDamaged));
  }
  std::filesystem::remove(path);
}
