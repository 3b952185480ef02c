// Replaces the CUDA toolkit's header of this name. Of the driver's interface, it has only tensor maps.
#pragma once

#include "emulator/tensor_map.h"
