#include "core/cpu_info.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace alexnet {
namespace {

// Folders of the control groups that this process is in, innermost first: a limit of any of them holds.
// `controller` is version 1's name of the hierarchy; version 2 has a single one.
std::vector<std::string> control_groups(const std::string& controller) {
  std::vector<std::string> folders;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool version2 = names == ",,";
    if (!version2 && names.find("," + controller + ",") == std::string::npos) continue;
    const std::string root = version2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
    // Inside a container the path is often the host's and does not exist; then only the root applies.
    for (std::string path = line.substr(second + 1); path.size() > 1; path.resize(path.rfind('/')))
      folders.push_back(root + path);
    folders.push_back(root);
  }
  return folders;
}

// The number at the start of a file; `otherwise` where there is none ("max", no such file).
double number_in(const std::string& file, double otherwise) {
  std::ifstream stream(file);
  double number = 0;
  return stream >> number ? number : otherwise;
}

double cores_of_group(const std::string& folder) {
  std::ifstream version2(folder + "/cpu.max");
  double quota = 0, period = 0;
  if (version2 >> quota >> period && period > 0) return quota / period;
  quota = number_in(folder + "/cpu.cfs_quota_us", -1);
  period = number_in(folder + "/cpu.cfs_period_us", -1);
  return quota > 0 && period > 0 ? quota / period : INFINITY;
}

}  // namespace

int usable_cores() {
  int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
#ifdef __linux__
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) cores = std::max(1, CPU_COUNT(&mask));
  for (const std::string& folder : control_groups("cpu")) {
    const double granted = cores_of_group(folder);
    if (granted < cores) cores = std::max(1, static_cast<int>(std::ceil(granted)));
  }
#endif
  return cores;
}

size_t memory_limit() {
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return 0;
  double limit = static_cast<double>(pages) * static_cast<double>(page);
  for (const std::string& folder : control_groups("memory"))
    for (const char* file : {"/memory.max", "/memory.limit_in_bytes"})
      limit = std::min(limit, number_in(folder + file, INFINITY));
  return static_cast<size_t>(limit);
#else
  return 0;
#endif
}

}  // namespace alexnet
