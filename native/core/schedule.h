// Checks of what a program's lists do to one another: transfers, events and the order that they cause.
#pragma once

#include <cstddef>
#include <vector>

#include "core/validate.h"

namespace alexnet {

// Every event raised once and never waited for in a circle, every transfer between two places of one shape,
// and nothing touching these places while bytes may be on their way. Operands have to be checked already.
// Throws Error("BAD_PROGRAM").
void check_schedule(const Lists& lists, const std::vector<size_t>& arena_bytes);

}  // namespace alexnet
