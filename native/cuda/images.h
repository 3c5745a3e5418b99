// The file beside the addon that holds the compiled kernels, made by scripts/cuda/images.js: device code in
// several forms, since no one form loads under every driver.
//
//   8 bytes   "TENONCU2"
//   uint32    the number of images
//   an image: uint32    its kind
//             uint32    PTX for older drivers: the architecture it is for (75, 80, ...); otherwise 0
//             uint64    where it begins in the file, a multiple of 16
//             uint64    its bytes
//             char[40]  the name of its source, filled up with zeros
//
// Numbers are little-endian. Each CUDA source is an image of each kind, and each image a fat binary.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tenon {
namespace cuda {

enum class ImageKind : uint32_t {
  kUsual = 0,  // machine code for some architectures, and PTX for others
  kOlderPtx =
      1,  // PTX marked as of an older version, compressed as of old: for drivers that know no newer ones
};

/** What cuModuleLoadData takes: a whole fat binary, 16-byte aligned. */
struct Image {
  ImageKind kind;
  int architecture;
  const unsigned char* data;
  size_t bytes;
  const char* source;
};

/** Images that hold all kernels between them. */
using ImageSet = std::vector<Image>;

class Images {
 public:
  Images() = default;
  Images(const Images&) = delete;  // images point into the content
  Images& operator=(const Images&) = delete;

  enum class Problem {
    kNone,
    kMissing,  // no such file, or it can't be read
    kDamaged,  // not as written: cut short, overwritten, or of another version
  };

  /** Reads a file and checks it, so that a driver, which takes no sizes, never reads beyond an image. */
  Problem read(const std::string& path);
  /** The same of a file's content. */
  Problem parse(std::vector<unsigned char> content);

  /** What is wrong with the file, for a message. */
  const std::string& reason() const { return reason_; }

  /**
   * The sets to attempt on a device of a capability (75, 80, ...), best first: the next is for when the
   * driver refuses one.
   */
  std::vector<ImageSet> attempts(int capability) const;

 private:
  Problem damaged(const std::string& reason);

  std::vector<unsigned char> content_;
  std::vector<Image> images_;
  std::string reason_;
};

}  // namespace cuda
}  // namespace tenon
