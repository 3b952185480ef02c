// Commands from plain JavaScript objects (lib/plan/commands.ts).
#pragma once

#include <napi.h>

#include <string>

#include "core/ops.h"
#include "core/validate.h"

namespace alexnet::addon {

// `place` names the command in errors, which add op, label and field: Error("BAD_PROGRAM"). Values are only
// checked for their types; whether the command makes sense is for validate() to say.
Command parse_command(const Napi::Value& value, const std::string& place);

// An array of arrays of commands; errors name device and command.
Lists parse_lists(const Napi::Value& value);

}  // namespace alexnet::addon
