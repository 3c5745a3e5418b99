// The CPU quota, read from files as they lie on systems with control groups of version 1, 2 and both; and the
// number of threads.
#include "core/cpu_count.h"

#include <filesystem>
#include <fstream>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

#include "test/test.h"

using namespace tenon;

namespace {

namespace fs = std::filesystem;

/** A folder that stands for a file system's root; gone at its end. */
class FakeRoot {
 public:
  FakeRoot() {
    static int made = 0;
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    path_ = fs::temp_directory_path() / ("tenon-" + std::to_string(now) + "-" + std::to_string(made++));
  }
  ~FakeRoot() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  FakeRoot& file(const std::string& name, const std::string& text) {
    const fs::path whole = path_ / name;
    fs::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
    return *this;
  }
  std::string path() const { return path_.string(); }
  double quota() const { return cpu_quota(path()); }

 private:
  fs::path path_;
};

constexpr const char* kMount2 =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kMount1 =
    "30 22 0:27 / /sys/fs/cgroup/cpuset rw shared:10 - cgroup cgroup rw,cpuset\n"
    "31 22 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct\n";

}  // namespace

TEST("version 2: the quota of the process's own group") {
  FakeRoot root;
  root.file("proc/self/mountinfo", kMount2).file("proc/self/cgroup", "0::/user.slice/job\n");
  CHECK_EQ(root.quota(), 0);
  root.file("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
  CHECK_EQ(root.quota(), 0);
  root.file("sys/fs/cgroup/user.slice/job/cpu.max", "250000 100000\n");
  CHECK_EQ(root.quota(), 2.5);
  root.file("sys/fs/cgroup/user.slice/job/cpu.max", "20000 50000\n");
  CHECK_EQ(root.quota(), 0.4);
}

TEST("version 2: a tighter group above counts, a neighbour does not") {
  FakeRoot root;
  root.file("proc/self/mountinfo", kMount2).file("proc/self/cgroup", "0::/a/b/c\n");
  root.file("sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
  root.file("sys/fs/cgroup/a/b/d/cpu.max", "100000 100000\n");
  CHECK_EQ(root.quota(), 4);
  root.file("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  CHECK_EQ(root.quota(), 3);
  root.file("sys/fs/cgroup/cpu.max", "200000 100000\n");
  CHECK_EQ(root.quota(), 2);
}

TEST("version 2: a container sees its own group as the top") {
  for (const char* group : {"0::/\n", "0::/../../outside\n", "0::/docker/0123456789ab\n"}) {
    FakeRoot root;
    root.file("proc/self/mountinfo", kMount2).file("proc/self/cgroup", group);
    root.file("sys/fs/cgroup/cpu.max", "150000 100000\n");
    test::About about("%s", group);
    CHECK_EQ(root.quota(), 1.5);
  }
}

TEST("version 1: quota and period in files of their own") {
  FakeRoot root;
  root.file("proc/self/mountinfo", kMount1);
  root.file("proc/self/cgroup", "5:cpuset:/other\n4:cpu,cpuacct:/job\n1:name=systemd:/\n");
  root.file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  root.file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  CHECK_EQ(root.quota(), 0);
  root.file("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "50000\n");
  CHECK_EQ(root.quota(), 0.5);
}

TEST("version 1: a container's group is mounted under another name") {
  FakeRoot root;
  root.file("proc/self/mountinfo", "31 22 0:28 /docker/0123 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  root.file("proc/self/cgroup", "4:cpu:/docker/0123/inner\n");
  root.file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  root.file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  CHECK_EQ(root.quota(), 3);
  root.file("sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us", "100000\n");
  root.file("sys/fs/cgroup/cpu/inner/cpu.cfs_period_us", "100000\n");
  CHECK_EQ(root.quota(), 1);
}

TEST("both versions at once: the tighter one") {
  FakeRoot root;
  root.file("proc/self/mountinfo",
            std::string(kMount1) + "40 22 0:30 / /sys/fs/cgroup/unified rw shared:12 - cgroup2 cgroup2 rw\n");
  root.file("proc/self/cgroup", "4:cpu,cpuacct:/one\n0::/two\n");
  root.file("sys/fs/cgroup/cpu,cpuacct/one/cpu.cfs_quota_us", "200000\n");
  root.file("sys/fs/cgroup/cpu,cpuacct/one/cpu.cfs_period_us", "100000\n");
  CHECK_EQ(root.quota(), 2);
  root.file("sys/fs/cgroup/unified/two/cpu.max", "100000 100000\n");
  CHECK_EQ(root.quota(), 1);
}

TEST("files that make no sense set no limit") {
  CHECK_EQ(cpu_quota("/no such folder"), 0);
  for (const char* text : {"", "\n", "words", "100000", "100000 0", "0 100000", "-5 100000", "max"}) {
    FakeRoot root;
    root.file("proc/self/mountinfo", kMount2).file("proc/self/cgroup", "0::/\n");
    root.file("sys/fs/cgroup/cpu.max", text);
    test::About about("'%s'", text);
    CHECK_EQ(root.quota(), 0);
  }
  for (const char* text : {"", "0", "0:", "a\nb\n", "0::", "::::", "0::not/absolute"}) {
    FakeRoot root;
    root.file("proc/self/mountinfo", "no dash\n - cgroup2\n - - -\n").file("proc/self/cgroup", text);
    test::About about("'%s'", text);
    CHECK_EQ(root.quota(), 0);
  }
}

TEST("processors: at least one, no more than the quota pays for") {
  FakeRoot root;
  root.file("proc/self/mountinfo", kMount2).file("proc/self/cgroup", "0::/\n");
  const int all = available_cpus(root.path());
  CHECK(all >= 1);
  CHECK(all <= static_cast<int>(std::thread::hardware_concurrency()));
  root.file("sys/fs/cgroup/cpu.max", "10000 100000\n");
  CHECK_EQ(available_cpus(root.path()), 1);
  root.file("sys/fs/cgroup/cpu.max", "110000 100000\n");
  CHECK_EQ(available_cpus(root.path()), all < 2 ? all : 2);
  root.file("sys/fs/cgroup/cpu.max", "100000000 100000\n");
  CHECK_EQ(available_cpus(root.path()), all);
}

#ifdef __linux__
TEST("processors: those of the affinity mask") {
  cpu_set_t before, one;
  CHECK_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &before)) {
      CPU_SET(cpu, &one);
      break;
    }
  CHECK_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  CHECK_EQ(available_cpus("/no such folder"), 1);
  CHECK_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  CHECK_EQ(available_cpus("/no such folder"), CPU_COUNT(&before));
}
#endif

TEST("numbers of threads as text") {
  CHECK_EQ(parse_thread_count("1"), 1);
  CHECK_EQ(parse_thread_count("08"), 8);
  CHECK_EQ(parse_thread_count("1024"), 1024);
  for (const char* text :
       {"", "0", "1025", "99999999999999999999", "-1", "+1", "1.5", " 2", "2 ", "2x", "x"}) {
    test::About about("'%s'", text);
    CHECK_EQ(parse_thread_count(text), 0);
  }
}
