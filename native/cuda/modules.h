// The kernels on a device: of the forms in the file, the first that the driver takes. A source's code is
// loaded when one of its kernels is first wanted, since PTX has to be compiled by the driver, for a second
// and more each.
#pragma once
#include <string>
#include <vector>

#include "cuda/driver.h"
#include "cuda/images.h"

namespace tenon {
namespace cuda {

class Modules {
 public:
  /**
   * Chooses the form, by loading the source of `first`; false when the driver takes none: reason() says why.
   * The images must stay, and the device's context be current, here and in find().
   */
  bool open(const driver::Api&, const Images&, int capability, const char* first);
  /** All kernels in one module, linked into the driver: that of the emulation. */
  bool open_linked(const driver::Api&);

  /** A kernel by name; null when no image has it, or its own can't be loaded, which reason() then says. */
  driver::Function find(const char* kernel);

  /** What the driver said when it last refused code of the form that is used, or of any if none is; else
   * empty. */
  const std::string& reason() const { return reason_; }

 private:
  struct Part {
    Image image;
    driver::Module module = nullptr;
    bool refused = false;
  };

  bool load(Part&);

  const driver::Api* api_ = nullptr;
  std::vector<Part> parts_;
  std::string reason_;
};

}  // namespace cuda
}  // namespace tenon
