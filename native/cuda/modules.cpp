#include "cuda/modules.h"

#include <algorithm>

#include "cuda/system.h"

namespace tenon {
namespace cuda {

namespace {

size_t common_prefix(const char* a, const char* b) {
  size_t n = 0;
  while (a[n] && a[n] == b[n]) n++;
  return n;
}

}  // namespace

bool Modules::load(Part& part) {
  if (part.module || part.refused) return !part.refused;
  const driver::Result result = api_->ModuleLoadData(&part.module, part.image.data);
  part.refused = result != driver::kSuccess;
  if (part.refused) {
    part.module = nullptr;
    reason_ = describe(result);
  }
  return !part.refused;
}

bool Modules::open(const driver::Api& api, const Images& images, int capability, const char* first) {
  api_ = &api;
  reason_.clear();
  for (const ImageSet& set : images.attempts(capability)) {
    parts_.clear();
    for (const Image& image : set) parts_.push_back({image});
    if (find(first)) {
      reason_.clear();
      return true;
    }
    for (const Part& part : parts_)
      if (part.module) api.ModuleUnload(part.module);
  }
  parts_.clear();
  return false;
}

bool Modules::open_linked(const driver::Api& api) {
  api_ = &api;
  parts_.assign(1, Part());
  parts_[0].image.source = "";
  parts_[0].image.data = reinterpret_cast<const unsigned char*>("");
  return load(parts_[0]);
}

driver::Function Modules::find(const char* kernel) {
  // Most kernels are named after their source; where not, what is loaded or small is looked through first.
  std::vector<Part*> order;
  for (Part& part : parts_) order.push_back(&part);
  std::stable_sort(order.begin(), order.end(), [kernel](const Part* a, const Part* b) {
    const size_t like_a = common_prefix(a->image.source, kernel);
    const size_t like_b = common_prefix(b->image.source, kernel);
    if (like_a != like_b) return like_a > like_b;
    if (!a->module != !b->module) return a->module != nullptr;
    return a->image.bytes < b->image.bytes;
  });
  for (Part* part : order) {
    driver::Function f = nullptr;
    if (!load(*part)) return nullptr;  // and none of the same form after it
    if (api_->ModuleGetFunction(&f, part->module, kernel) == driver::kSuccess) return f;
  }
  return nullptr;
}

}  // namespace cuda
}  // namespace tenon
