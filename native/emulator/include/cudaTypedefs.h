// Replaces the CUDA toolkit's header of this name: the types of the driver's functions in cuda.h.
#pragma once

#include "emulator/tensor_map.h"

using PFN_cuTensorMapEncodeTiled_v12000 = decltype(&cuTensorMapEncodeTiled);
using PFN_cuTensorMapEncodeIm2col_v12000 = decltype(&cuTensorMapEncodeIm2col);
