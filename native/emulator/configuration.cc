#include "emulator/configuration.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "emulator/card_memory.h"
#include "emulator/checker.h"
#include "emulator/machine.h"

namespace emulator {
namespace {

bool parse_whole(const std::string& text, long long least, long long most, long long& value) {
  char* end = nullptr;
  value = std::strtoll(text.c_str(), &end, 10);
  return !text.empty() && *end == '\0' && value >= least && value <= most;
}

template <class T>
bool set_whole(T& setting, const std::string& value, long long least, long long most) {
  long long number = 0;
  if (!parse_whole(value, least, most, number)) return false;
  setting = static_cast<T>(number);
  return true;
}

template <class T>
struct Choice {
  const char* name;
  T value;
};

template <class T, size_t kCount>
bool set_choice(T& setting, const std::string& value, const Choice<T> (&choices)[kCount]) {
  for (const Choice<T>& choice : choices)
    if (value == choice.name) return setting = choice.value, true;
  return false;
}

bool set_capability(int& setting, const std::string& value) {
  int major = 0, minor = 0;
  if (std::sscanf(value.c_str(), "%d.%d", &major, &minor) != 2 || major < 5 || minor < 0 || minor > 9)
    return false;
  setting = major * 10 + minor;
  return true;
}

bool set_hopper(Configuration& settings, const std::string& value) {
  settings.late_copies = value == "late" || value == "products-early";
  settings.late_products = value == "late" || value == "copies-early";
  return settings.late_copies || settings.late_products || value == "early";
}

bool set_failure(Configuration& settings, const std::string& name, const std::string& value) {
  constexpr long long kMost = 1000000000;
  if (name == "fail_allocation") return set_whole(settings.fail_allocation, value, 0, kMost);
  if (name == "fail_launch") return set_whole(settings.fail_launch, value, 0, kMost);
  if (name == "fault_launch") return set_whole(settings.fault_launch, value, 0, kMost);
  return false;
}

bool set(Configuration& settings, const std::string& name, const std::string& value) {
  if (name == "devices") return set_whole(settings.devices, value, 0, kMaxCards);
  if (name == "memory") return set_whole(settings.memory, value, 0, kCardAddresses / 2);
  if (name == "capability") return set_capability(settings.capability, value);
  if (name == "multiprocessors") return set_whole(settings.multiprocessors, value, 1, 1024);
  if (name == "driver")
    return value == "missing" ? (settings.driver = 0, true) : set_whole(settings.driver, value, 0, 1000000);
  if (name == "peer")
    return set_choice(
        settings.peer, value,
        {{"1", Peer::kWorks}, {"0", Peer::kDenied}, {"corrupt", Peer::kCorrupts}, {"hang", Peer::kHangs}});
  if (name == "check") return set_whole(settings.check, value, 0, 1);
  if (name == "order")
    return set_choice(settings.order, value,
                      {{"forward", ThreadOrder::kForward},
                       {"reverse", ThreadOrder::kReverse},
                       {"random", ThreadOrder::kRandom}});
  if (name == "copies")
    return set_choice(
        settings.copies, value,
        {{"late", CopyTime::kLate}, {"early", CopyTime::kEarly}, {"random", CopyTime::kRandom}});
  if (name == "hopper") return set_hopper(settings, value);
  if (name == "seed") return set_whole(settings.seed, value, 0, 0xffffffffLL);
  return set_failure(settings, name, value);
}

template <class Set>
std::string parse(const std::string& text, Set&& set_one) {
  std::istringstream settings(text);
  for (std::string setting; std::getline(settings, setting, ',');) {
    if (setting.empty()) continue;
    const size_t sign = setting.find('=');
    if (sign == std::string::npos || !set_one(setting.substr(0, sign), setting.substr(sign + 1)))
      return "the emulator has no setting '" + setting + "'";
  }
  return "";
}

Configuration from_environment() {
  Configuration settings;
  const char* text = std::getenv("ALEXNET_EMULATOR");
  const std::string problem = parse(text ? text : "", [&](const std::string& name, const std::string& value) {
    return set(settings, name, value);
  });
  if (!problem.empty()) std::fprintf(stderr, "ALEXNET_EMULATOR: %s\n", problem.c_str());
  checking = settings.check;
  return settings;
}

}  // namespace

Configuration& configuration() {
  static Configuration running = from_environment();
  return running;
}

std::string configure(const std::string& text) {
  Configuration settings;
  const std::string problem = parse(
      text, [&](const std::string& name, const std::string& value) { return set(settings, name, value); });
  if (!problem.empty()) return problem;
  configuration();
  machine().reset([&] {
    configuration() = settings;
    checking = settings.check;
  });
  return "";
}

std::string inject(const std::string& text) {
  auto lock = machine().lock();
  return parse(text, [](const std::string& name, const std::string& value) {
    return set_failure(configuration(), name, value);
  });
}

}  // namespace emulator
