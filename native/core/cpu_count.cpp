#include "core/cpu_count.h"

#include <cmath>
#include <cstdio>
#include <sstream>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

namespace tenon {

namespace {

/** A text file's lines; none when it can't be read. By stdio: file streams need a newer C library. */
class Lines {
 public:
  explicit Lines(const std::string& path) : file_(std::fopen(path.c_str(), "r")) {}
  ~Lines() {
    if (file_) std::fclose(file_);
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  bool next(std::string& line) {
    line.clear();
    if (!file_) return false;
    int c;
    while ((c = std::getc(file_)) != EOF && c != '\n') line.push_back(static_cast<char>(c));
    return c != EOF || !line.empty();
  }

 private:
  std::FILE* file_;
};

/** The first line of a file; empty when there is none. */
std::string first_line(const std::string& path) {
  std::string line;
  Lines(path).next(line);
  return line;
}

/** Whether a list with commas has a word. */
bool has_word(const std::string& list, const char* word) {
  std::istringstream words(list);
  for (std::string each; std::getline(words, each, ',');)
    if (each == word) return true;
  return false;
}

/** Of one group; 0: no limit. Version 2: `max 100000` or `150000 100000`, in microseconds. */
double quota_of(const std::string& folder, bool version2) {
  double time = 0, period = 0;
  if (version2) {
    std::istringstream line(first_line(folder + "/cpu.max"));
    if (!(line >> time >> period)) return 0;
  } else {
    std::istringstream quota(first_line(folder + "/cpu.cfs_quota_us"));
    std::istringstream each(first_line(folder + "/cpu.cfs_period_us"));
    if (!(quota >> time) || !(each >> period)) return 0;
  }
  return time > 0 && period > 0 ? time / period : 0;
}

double least(double a, double b) { return a > 0 && (b <= 0 || a < b) ? a : b; }

/** The least of a group and those above it, up to where the hierarchy is mounted. */
double quota_above(const std::string& mount, std::string group, bool version2) {
  double quota = 0;
  for (;;) {
    quota = least(quota, quota_of(mount + group, version2));
    const size_t slash = group.rfind('/');
    if (slash == std::string::npos) return quota;
    group.resize(slash);
  }
}

/** A hierarchy of control groups and the folder it is mounted on. */
struct Mount {
  std::string top;  // the group that the folder shows
  std::string folder;
  bool version2;
};

std::vector<Mount> mounts_of(const std::string& root) {
  std::vector<Mount> mounts;
  Lines lines(root + "/proc/self/mountinfo");
  for (std::string line; lines.next(line);) {
    // ID parent device top folder options [more...] - type source options
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash)), after(line.substr(dash + 3));
    std::string skipped, top, folder, type, source, options;
    before >> skipped >> skipped >> skipped >> top >> folder;
    after >> type >> source >> options;
    if (type == "cgroup2" || (type == "cgroup" && has_word(options, "cpu")))
      mounts.push_back({top == "/" ? "" : top, root + folder, type == "cgroup2"});
  }
  return mounts;
}

}  // namespace

double cpu_quota(const std::string& root) {
  const std::vector<Mount> mounts = mounts_of(root);
  double quota = 0;
  Lines lines(root + "/proc/self/cgroup");
  for (std::string line; lines.next(line);) {
    // number:controllers:group, of version 2: 0::group
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool version2 = controllers.empty();
    if (!version2 && !has_word(controllers, "cpu")) continue;
    std::string group = line.substr(second + 1);
    for (const Mount& mount : mounts) {
      if (mount.version2 != version2) continue;
      // A container may see its own group as the top, or be told a name that it can't see.
      std::string below = group;
      if (below.compare(0, mount.top.size(), mount.top) == 0) below.erase(0, mount.top.size());
      if (below == "/" || below.find("/..") != std::string::npos) below.clear();
      quota = least(quota, quota_above(mount.folder, below, version2));
    }
  }
  return quota;
}

int available_cpus(const std::string& root) {
  int cpus = static_cast<int>(std::thread::hardware_concurrency());
#ifdef __linux__
  // Sets of more processors than cpu_set_t has room for are refused until the room suffices.
  for (int room = 1024; room <= 1 << 20; room *= 2) {
    cpu_set_t* const set = CPU_ALLOC(static_cast<size_t>(room));
    if (!set) break;
    const size_t size = CPU_ALLOC_SIZE(static_cast<size_t>(room));
    const bool known = sched_getaffinity(0, size, set) == 0;
    const int allowed = known ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (!known) continue;
    if (allowed > 0) cpus = allowed;
    break;
  }
#endif
  const double quota = cpu_quota(root);
  if (quota > 0 && std::ceil(quota) < cpus) cpus = static_cast<int>(std::ceil(quota));
  return cpus < 1 ? 1 : cpus;
}

int parse_thread_count(const char* text) {
  int n = 0;
  for (const char* c = text; *c; c++) {
    if (*c < '0' || *c > '9') return 0;
    n = 10 * n + (*c - '0');
    if (n > 1024) return 0;
  }
  return n;
}

}  // namespace tenon
