// Stands in for the CUDA toolkit's header of this name: of the driver's interface, tensor maps.
#pragma once

#include "emulator/tensor_map.h"
