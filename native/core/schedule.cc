#include "core/schedule.h"

#include <map>
#include <set>
#include <string>

#include "core/complaints.h"
#include "core/operands.h"
#include "core/ops/bounds.h"

namespace alexnet {
namespace {

std::string place_text(const Lists& lists, Place at) {
  return command_text(lists[at.device][at.index], at.device, at.index);
}

[[noreturn]] void refuse_at(const Lists& lists, Place at, const std::string& complaint) {
  refuse(place_text(lists, at) + ": " + complaint);
}

[[noreturn]] void refuse_at(const Lists& lists, Place at, const std::string& found,
                            const std::string& expected) {
  refuse_at(lists, at, complaint(found, expected));
}

template <class Op, class F>
void each(const Lists& lists, F&& visit) {
  for (size_t device = 0; device < lists.size(); ++device)
    for (size_t index = 0; index < lists[device].size(); ++index)
      if (const auto* op = std::get_if<Op>(&lists[device][index].op)) visit(*op, Place{device, index});
}

void check_transfer(const Transfer& transfer, Place at, const Lists& lists,
                    const std::vector<size_t>& arena_bytes) {
  require(transfer.device >= 0 && static_cast<size_t>(transfer.device) < lists.size(),
          is("device", transfer.device), "0 to " + std::to_string(lists.size() - 1));
  require(static_cast<size_t>(transfer.device) != at.device,
          "device is its own; use copy within one device's arena");
  check_shape("x", transfer.x), check_shape("to", transfer.to);
  check_place("x", transfer.x, arena_bytes[at.device]);
  check_place("to", transfer.to, arena_bytes[static_cast<size_t>(transfer.device)]);
  require_shape("to", transfer.to, transfer.x.shape);
  require_dtype("to", transfer.to, transfer.x.dtype);
}

// Simulates the lists, one event at a time, to see whether all reach their ends.
void check_order(const Lists& lists) {
  std::set<int64_t> raised;
  std::vector<size_t> next(lists.size(), 0);
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t device = 0; device < lists.size(); ++device)
      for (; next[device] < lists[device].size(); ++next[device], moved = true) {
        const Command& command = lists[device][next[device]];
        if (const auto* wait = std::get_if<Wait>(&command.op); wait && !raised.contains(wait->event)) break;
        if (const auto* transfer = std::get_if<Transfer>(&command.op)) raised.insert(transfer->event);
      }
  }
  for (size_t device = 0; device < lists.size(); ++device)
    if (next[device] < lists[device].size())
      refuse_at(lists, {device, next[device]},
                "waits for ever: the transfer that raises event " +
                    text_of(std::get<Wait>(lists[device][next[device]].op).event) +
                    " comes after a wait that needs this device to go on",
                "transfers before the waits they depend on");
}

// Calls touch(operand) for what a command reads or writes in its own device's arena.
template <class F>
void each_operand(const Command& command, F&& touch) {
  if (const auto* op = std::get_if<ComputeOp>(&command.op)) {
    for (const Operand& operand : operands_of(*op)) touch(operand);
    if (command.workspace_bytes == 0) return;
    Tensor scratch;
    scratch.offset = command.workspace_offset;
    scratch.shape = {1, 1, 1, static_cast<int64_t>(command.workspace_bytes)};
    scratch.strides = dense_strides(scratch.shape);
    scratch.dtype = DType::kUint8;
    touch(Operand{"workspace", &scratch, true});
  } else if (const auto* transfer = std::get_if<Transfer>(&command.op)) {
    touch(Operand{"x", &transfer->x, false});
  }
}

// The source is read beside what its device does next, so that may not write there; the destination is
// written at any time before its event, so the receiving device may not touch it before a wait.
void check_races(const Transfer& transfer, Place at, const Lists& lists) {
  const std::vector<Command>& own = lists[at.device];
  for (size_t i = at.index + 1; i < own.size(); ++i)
    each_operand(own[i], [&](const Operand& operand) {
      if (operand.written && overlap(*operand.tensor, transfer.x))
        refuse_at(lists, {at.device, i},
                  "writes " + std::string(operand.name) + " where " + place_text(lists, at) +
                      " may still be reading",
                  "that place untouched for the rest of the list");
    });
  const auto receiver = static_cast<size_t>(transfer.device);
  for (size_t i = 0; i < lists[receiver].size(); ++i) {
    const auto* wait = std::get_if<Wait>(&lists[receiver][i].op);
    if (wait && wait->event == transfer.event) break;
    each_operand(lists[receiver][i], [&](const Operand& operand) {
      if (overlap(*operand.tensor, transfer.to))
        refuse_at(lists, {receiver, i},
                  "uses " + std::string(operand.name) + " where " + place_text(lists, at) + " puts its bytes",
                  "a wait for event " + text_of(transfer.event) + " before it");
    });
  }
}

}  // namespace

void check_schedule(const Lists& lists, const std::vector<size_t>& arena_bytes) {
  std::map<int64_t, Place> raised;
  each<Transfer>(lists, [&](const Transfer& transfer, Place at) {
    try {
      check_transfer(transfer, at, lists, arena_bytes);
      require_range("event", transfer.event, 0, kLargestIndex);
    } catch (const Error& error) {
      refuse_at(lists, at, error.what());
    }
    const auto [first, fresh] = raised.emplace(transfer.event, at);
    if (!fresh)
      refuse_at(lists, at,
                "raises event " + text_of(transfer.event) + ", as does " + place_text(lists, first->second),
                "an event of its own");
  });
  each<Wait>(lists, [&](const Wait& wait, Place at) {
    if (!raised.contains(wait.event))
      refuse_at(lists, at, "waits for event " + text_of(wait.event) + ", which no transfer raises");
  });
  check_order(lists);
  each<Transfer>(lists, [&](const Transfer& transfer, Place at) {
    check_races(transfer, at, lists);
    each<Transfer>(lists, [&](const Transfer& other, Place other_at) {
      if (other.event < transfer.event && other.device == transfer.device && overlap(other.to, transfer.to))
        refuse_at(lists, at, "puts its bytes where " + place_text(lists, other_at) + " puts its own",
                  "a place for each");
    });
  });
}

}  // namespace alexnet
