// Stands in for the CUDA toolkit's header of this name where the emulator's folder comes first on the include
// path: the subset of CUDA that the product uses, under the same names, for the host compiler. Kernels
// compiled so run on fibers (block.h), on cards that do not exist (card.h).
#pragma once

#include "emulator/atomics.h"
#include "emulator/hopper.h"
#include "emulator/intrinsics.h"
#include "emulator/kernel_launch.h"
#include "emulator/language.h"
#include "emulator/runtime_api.h"
#include "emulator/runtime_types.h"
#include "emulator/vector_types.h"
#include "emulator/warp.h"
