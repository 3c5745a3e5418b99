#pragma once
#include <cstdint>

namespace tenon {
namespace cuda {

/** What the loaded code was compiled for. */
struct CodeFacts {
  int32_t capability;  // as Queue::capability(); may be less than the device's
  int32_t specific;    // 1: with instructions that this architecture alone has (sm_90a)
};

struct AboutCode {
  CodeFacts* facts;
};

}  // namespace cuda
}  // namespace tenon
