#include "cuda/images.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

namespace tenon {
namespace cuda {

namespace {

constexpr char kMagic[] = "TENONCU2";
constexpr size_t kHeaderBytes = 12, kEntryBytes = 64, kAlignment = 16, kNameBytes = 40;
constexpr uint32_t kMaxImages = 1024;
constexpr size_t kMaxBytes = size_t{256} << 20;

/** A little-endian number at any address. */
template <class T>
T number_at(const unsigned char* p) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); i++) value |= static_cast<T>(p[i]) << (8 * i);
  return value;
}

/** Whether a fat binary ends where its own header says so. */
bool is_whole_fat_binary(const unsigned char* data, size_t bytes) {
  constexpr uint32_t magic = 0xba55ed50;
  if (bytes < 16 || number_at<uint32_t>(data) != magic) return false;
  const uint64_t header = number_at<uint16_t>(data + 6), rest = number_at<uint64_t>(data + 8);
  return header >= 16 && header <= bytes && rest <= bytes - header;
}

}  // namespace

Images::Problem Images::damaged(const std::string& reason) {
  images_.clear();
  reason_ = reason;
  return Problem::kDamaged;
}

Images::Problem Images::read(const std::string& path) {
  images_.clear();
  // Not a stream of the C++ library, which needs a newer C library.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) {
    reason_ = "there is no " + path;
    return Problem::kMissing;
  }
  std::vector<unsigned char> content;
  for (size_t got = 1; got > 0 && content.size() <= kMaxBytes;) {
    const size_t before = content.size();
    content.resize(before + (size_t{1} << 20));
    got = std::fread(content.data() + before, 1, content.size() - before, file.get());
    content.resize(before + got);
  }
  if (std::ferror(file.get())) {
    reason_ = path + " can't be read";
    return Problem::kMissing;
  }
  if (content.size() > kMaxBytes) return damaged(path + " is damaged: it has over 256 MB");
  const Problem problem = parse(std::move(content));
  if (problem != Problem::kNone) reason_ = path + " is damaged: " + reason_;
  return problem;
}

Images::Problem Images::parse(std::vector<unsigned char> content) {
  images_.clear();
  reason_.clear();
  content_ = std::move(content);
  const unsigned char* const all = content_.data();
  const uint64_t size = content_.size();
  if (size < kHeaderBytes || std::memcmp(all, kMagic, 8) != 0)
    return damaged("it does not begin as a file of kernels");
  const uint32_t count = number_at<uint32_t>(all + 8);
  if (count == 0 || count > kMaxImages || kHeaderBytes + count * kEntryBytes > size)
    return damaged("it can't hold " + std::to_string(count) + " images");
  for (uint32_t i = 0; i < count; i++) {
    const unsigned char* const entry = all + kHeaderBytes + i * kEntryBytes;
    const uint32_t kind = number_at<uint32_t>(entry), architecture = number_at<uint32_t>(entry + 4);
    const uint64_t offset = number_at<uint64_t>(entry + 8), bytes = number_at<uint64_t>(entry + 16);
    const std::string image = "image " + std::to_string(i);
    if (offset % kAlignment != 0 || offset < kHeaderBytes + count * kEntryBytes || offset > size ||
        bytes > size - offset)
      return damaged(image + " does not lie within it");
    const unsigned char* const data = all + offset;
    const size_t length = static_cast<size_t>(bytes);
    const bool usual = kind == static_cast<uint32_t>(ImageKind::kUsual) && architecture == 0;
    const bool older = kind == static_cast<uint32_t>(ImageKind::kOlderPtx) && architecture <= 1000;
    if (!usual && !older) return damaged(image + " is of an unknown kind");
    if (!is_whole_fat_binary(data, length)) return damaged(image + " is no whole fat binary");
    const char* const source = reinterpret_cast<const char*>(entry + 24);
    if (!std::memchr(source, 0, kNameBytes)) return damaged(image + " has a name without an end");
    images_.push_back({static_cast<ImageKind>(kind), static_cast<int>(architecture), data, length, source});
  }
  return Problem::kNone;
}

std::vector<ImageSet> Images::attempts(int capability) const {
  std::vector<Image> sorted;
  for (const Image& image : images_)
    if (image.architecture <= capability) sorted.push_back(image);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Image& a, const Image& b) {
    return a.kind != b.kind ? a.kind < b.kind : a.architecture > b.architecture;
  });
  std::vector<ImageSet> sets;
  for (const Image& image : sorted) {
    const bool another = sets.empty() || sets.back()[0].kind != image.kind ||
                         sets.back()[0].architecture != image.architecture;
    if (another) sets.emplace_back();
    sets.back().push_back(image);
  }
  return sets;
}

}  // namespace cuda
}  // namespace tenon
