// The file of compiled kernels: what it gives in which order, and that no damage is taken for an image.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "cuda/modules.h"
#include "test/test.h"

using namespace tenon::cuda;
namespace driver = tenon::cuda::driver;
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

struct Entry {
  uint32_t kind, architecture;
  Bytes data;
  const char* source;
};

constexpr size_t kEntry = 64;

Bytes file_of(const std::vector<Entry>& entries) {
  Bytes file(12 + kEntry * entries.size());
  std::memcpy(file.data(), "TENONCU2", 8);
  put(file, 8, entries.size(), 4);
  for (size_t i = 0; i < entries.size(); i++) {
    file.resize((file.size() + 15) / 16 * 16);
    const size_t entry = 12 + kEntry * i;
    put(file, entry, entries[i].kind, 4);
    put(file, entry + 4, entries[i].architecture, 4);
    put(file, entry + 8, file.size(), 8);
    put(file, entry + 16, entries[i].data.size(), 8);
    std::strcpy(reinterpret_cast<char*>(file.data() + entry + 24), entries[i].source);
    file.insert(file.end(), entries[i].data.begin(), entries[i].data.end());
  }
  return file;
}

const std::vector<Entry> kUsual = {
    {1, 75, fat_binary(3), "about"},  {0, 0, fat_binary(1), "about"}, {1, 80, fat_binary(5), "about"},
    {0, 0, fat_binary(2, 24), "max"}, {1, 75, fat_binary(4), "max"},  {1, 80, fat_binary(6), "max"},
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
  CHECK_EQ(sets[1][0].data[20], 5);
  CHECK_EQ(sets[2][1].data[20], 4);
  CHECK(!std::strcmp(sets[2][1].source, "max"));
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
      {7, 1, '1'},                     // another version
      {8, 4, 0},                       // no images
      {8, 4, 0xffffffff},              // more than there is room for
      {12, 4, 2},                      // a kind that there isn't
      {76 + 4, 4, 80},                 // an architecture for machine code
      {12 + 4, 4, 0xffffffff},         // one that there isn't
      {12 + 8, 8, 16},                 // an image in the header
      {12 + 8, 8, 401},                // not aligned
      {12 + 8, 8, ~uint64_t{0} - 15},  // beyond the end
      {12 + 16, 8, ~uint64_t{0}},      // so large that its end is before its beginning
      {12 + 16, 8, 0},                 // empty
      {76 + 16, 8, 39},                // shorter than the fat binary in it
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
  CHECK(parse(file_of({{0, 0, wrong, "a"}})) == Problem::kDamaged);
  put(wrong, 8, ~uint64_t{0}, 8);
  CHECK(parse(file_of({{0, 0, wrong, "a"}})) == Problem::kDamaged);
  CHECK(parse(file_of({{1, 75, wrong, "a"}})) == Problem::kDamaged);
  CHECK(parse(file_of({{0, 0, Bytes(24, 'x'), "a"}})) == Problem::kDamaged);
  Bytes endless = file_of({{0, 0, fat_binary(0), "a"}});
  std::memset(endless.data() + 12 + 24, 'a', 40);
  CHECK(parse(endless) == Problem::kDamaged);
}

TEST("any byte may be any other: no crash, and no image outside the file") {
  const Bytes whole = file_of(kUsual);
  test::Random random(1);
  for (int i = 0; i < 20000; i++) {
    Bytes file = whole;
    for (int64_t n = random.integer(1, 4); n > 0; n--)
      file[random.integer(0, 420)] = static_cast<unsigned char>(random.bits());
    Images images;
    if (images.parse(file) != Problem::kNone) continue;
    for (const ImageSet& set : images.attempts(1000))
      for (const Image& image : set)
        CHECK(image.bytes > 0 && image.bytes < whole.size() && std::strlen(image.source) < 40);
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

namespace {

// A driver that takes what it is told to, and kernels by the mark of the module.
std::vector<int> loaded, unloaded;
std::vector<int> refuses;  // marks of images
struct Kernel {
  int mark;
  const char* name;
};
const std::vector<Kernel> kKernels = {
    {1, "about_code"}, {2, "max_f32"}, {2, "other_f32"}, {5, "about_code"}, {6, "max_f32"}};

driver::Module module_of(int mark) { return reinterpret_cast<driver::Module>(static_cast<intptr_t>(mark)); }

driver::Api test_driver() {
  driver::Api api = {};
  api.ModuleLoadData = [](driver::Module* module, const void* data) -> driver::Result {
    const int mark = static_cast<const unsigned char*>(data)[20];
    if (std::count(refuses.begin(), refuses.end(), mark)) return driver::kNotFound;
    loaded.push_back(mark);
    *module = module_of(mark);
    return driver::kSuccess;
  };
  api.ModuleUnload = [](driver::Module module) -> driver::Result {
    unloaded.push_back(static_cast<int>(reinterpret_cast<intptr_t>(module)));
    return driver::kSuccess;
  };
  api.ModuleGetFunction = [](driver::Function* function, driver::Module module,
                             const char* name) -> driver::Result {
    for (const Kernel& kernel : kKernels)
      if (module_of(kernel.mark) == module && !std::strcmp(kernel.name, name)) {
        *function = reinterpret_cast<driver::Function>(module);
        return driver::kSuccess;
      }
    return driver::kNotFound;
  };
  return api;
}

}  // namespace

TEST("a source is loaded when one of its kernels is wanted, and once") {
  Images images;
  CHECK(images.parse(file_of(kUsual)) == Problem::kNone);
  const driver::Api api = test_driver();
  loaded.clear();
  refuses.clear();
  Modules modules;
  CHECK(modules.open(api, images, 90, "about_code"));
  CHECK(loaded == std::vector<int>({1}));
  CHECK(modules.find("about_code") != nullptr);
  CHECK(loaded == std::vector<int>({1}));
  CHECK(modules.find("max_f32") != nullptr);
  CHECK(modules.find("other_f32") != nullptr);
  CHECK(loaded == std::vector<int>({1, 2}));
  CHECK(modules.find("no_such") == nullptr);
  CHECK(modules.reason().empty());
}

TEST("what the driver refuses is not used, and told") {
  Images images;
  CHECK(images.parse(file_of(kUsual)) == Problem::kNone);
  const driver::Api api = test_driver();
  loaded.clear();
  refuses = {1};
  Modules older;
  CHECK(older.open(api, images, 90, "about_code"));
  CHECK(older.reason().empty());
  CHECK(older.find("max_f32") != nullptr);
  CHECK(loaded == std::vector<int>({5, 6}));

  refuses = {2};
  Modules half;
  CHECK(half.open(api, images, 90, "about_code"));
  CHECK(half.find("max_f32") == nullptr);
  CHECK(!half.reason().empty());
  CHECK(half.find("about_code") != nullptr);

  refuses = {1, 5, 3};
  Modules none;
  CHECK(!none.open(api, images, 90, "about_code"));
  CHECK(!none.reason().empty());
  CHECK(none.find("about_code") == nullptr);

  // A form that has other kernels is given back.
  refuses.clear();
  unloaded.clear();
  Modules other;
  CHECK(other.open(api, images, 90, "max_f32"));
  CHECK(!other.open(api, images, 75, "no_such"));
  CHECK_EQ(unloaded.size(), 4);
}
