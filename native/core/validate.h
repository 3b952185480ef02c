// What every program passes before it is replayed: afterwards it cannot read or write outside an arena,
// divide by zero, hang or race. Every complaint names the command and says what was expected.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/backend.h"
#include "core/ops.h"

namespace alexnet {

using Lists = std::vector<std::vector<Command>>;  // one per device

// Of a command in a program.
struct Place {
  size_t device, index;
};

// Name of a command's op: "convolution_forward", "transfer", ...
const char* op_name(const Command& command);

// "command 12 of device 0 (convolution_forward, conv2)"
std::string command_text(const Command& command, size_t device, size_t index);

// Shapes, types and parameters of one op, wherever its operands lie. Afterwards a backend may be asked for
// the op's workspace. Throws Error("BAD_PROGRAM") without the command's name.
void check_op(const ComputeOp& op);

// The same, and where the operands lie, what they share, and what the backend can carry out.
void check_placed_op(const ComputeOp& op, const Backend& backend);

// A program's lists, one per device, against the devices' backends. Throws Error("BAD_PROGRAM").
void validate(const Lists& lists, const std::vector<const Backend*>& backends);

}  // namespace alexnet
