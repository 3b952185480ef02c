// Replaces the CUDA toolkit's header of this name when the emulator's folder comes first on the include path.
// It provides the subset of CUDA that the product uses, under the same names, to the host compiler. Kernels
// compiled this way run on fibers (block.h), on emulated GPUs (machine.h).
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
