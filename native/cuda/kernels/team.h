// How the threads of a block are shared out among results, for both sides.
#pragma once
#include <cstdint>

namespace tenon {
namespace cuda {

/** Elements that a thread loads at once. */
constexpr int kBatch = 8;

/** Threads of a block of several teams. */
constexpr uint32_t kLogTeamThreads = 8;
constexpr unsigned kTeamThreads = 1u << kLogTeamThreads;

/**
 * 2^log_lanes threads gather the elements of a result. They are neighbours where a result's elements are
 * dense in memory; else neighbours belong to neighbouring results.
 */
struct TeamShape {
  uint32_t log_lanes;
  uint32_t adjacent;
};

}  // namespace cuda
}  // namespace tenon
