#include "core/validate.h"

#include "core/complaints.h"
#include "core/operands.h"
#include "core/schedule.h"

namespace alexnet {
namespace {

void check_aliases(const ComputeOp& op, const std::vector<Operand>& operands) {
  const InPlace in_place = std::visit([](const auto& o) { return o.kInPlace; }, op);
  for (size_t i = 0; i < operands.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      const Operand& a = operands[j].written ? operands[i] : operands[j];
      const Operand& b = operands[j].written ? operands[j] : operands[i];  // written, if either is
      if (!b.written || !overlap(*a.tensor, *b.tensor)) continue;
      const bool allowed = a.name == in_place.input && b.name == in_place.output;
      if (allowed && same_place(*a.tensor, *b.tensor)) continue;
      const std::string found = std::string(b.name) + " overlaps " + std::string(a.name);
      if (allowed) refuse(found + " in part", "the same place or another one");
      refuse(found, "a place of its own");
    }
}

void check_workspace(const Command& command, const ComputeOp& op, const Backend& backend,
                     const std::vector<Operand>& operands) {
  const size_t needed = backend.workspace(op);
  const std::string bytes = std::to_string(command.workspace_bytes);
  require(command.workspace_bytes >= needed, "workspace has " + bytes + " bytes",
          "at least " + std::to_string(needed));
  if (command.workspace_bytes == 0) return;
  const std::string place =
      "workspace is " + bytes + " bytes at byte " + std::to_string(command.workspace_offset);
  require(command.workspace_offset % kAlignment == 0, place, "a multiple of " + std::to_string(kAlignment));
  require(command.workspace_offset <= backend.arena_bytes() &&
              command.workspace_bytes <= backend.arena_bytes() - command.workspace_offset,
          place + ", past the arena's " + std::to_string(backend.arena_bytes()) + " bytes");
  for (const Operand& operand : operands)
    require(operand.tensor->offset >= command.workspace_offset + command.workspace_bytes ||
                operand.tensor->offset + operand.tensor->bytes() <= command.workspace_offset,
            "workspace overlaps " + std::string(operand.name), "a place of its own");
}

// An op with packed weights has to be one that backends can be asked about.
template <class Op>
void check_packed(const Op& op, const Backend& backend) {
  if constexpr (requires { op.packed; }) {
    if (!op.packed) return;
    const size_t bytes = backend.packed_bytes(op);
    require(bytes > 0, "packed is given; this device packs no weights for such a convolution");
    require(op.packed->dtype == DType::kUint8 && op.packed->bytes() == bytes && op.packed->dense(),
            "packed has " + std::to_string(op.packed->bytes()) + " bytes",
            std::to_string(bytes) + " of uint8");
  }
}

}  // namespace

void check_op(const ComputeOp& op) {
  for (const Operand& operand : operands_of(op)) check_shape(operand.name, *operand.tensor);
  std::visit([](const auto& o) { o.check(); }, op);
}

void check_placed_op(const ComputeOp& op, const Backend& backend) {
  check_op(op);
  std::visit([&](const auto& o) { check_packed(o, backend); }, op);
  const std::vector<Operand> operands = operands_of(op);
  for (const Operand& operand : operands) check_place(operand.name, *operand.tensor, backend.arena_bytes());
  check_aliases(op, operands);
  backend.check(op);
}

const char* op_name(const Command& command) {
  if (std::holds_alternative<Transfer>(command.op)) return Transfer::kName;
  if (std::holds_alternative<Wait>(command.op)) return Wait::kName;
  return std::visit([](const auto& o) { return o.kName; }, std::get<ComputeOp>(command.op));
}

std::string command_text(const Command& command, size_t device, size_t index) {
  return "command " + std::to_string(index) + " of device " + std::to_string(device) + " (" +
         op_name(command) + (command.label.empty() ? "" : ", " + command.label) + ")";
}

void validate(const Lists& lists, const std::vector<const Backend*>& backends) {
  std::vector<size_t> arena_bytes;
  for (const Backend* backend : backends) arena_bytes.push_back(backend->arena_bytes());
  for (size_t device = 0; device < lists.size(); ++device)
    for (size_t index = 0; index < lists[device].size(); ++index) {
      const Command& command = lists[device][index];
      try {
        if (const auto* op = std::get_if<ComputeOp>(&command.op)) {
          check_placed_op(*op, *backends[device]);
          check_workspace(command, *op, *backends[device], operands_of(*op));
        } else
          require(command.workspace_bytes == 0, "has a workspace", "none");
      } catch (const Error& error) {
        throw Error(error.code(), command_text(command, device, index) + ": " + error.what());
      }
    }
  check_schedule(lists, arena_bytes);
}

}  // namespace alexnet
