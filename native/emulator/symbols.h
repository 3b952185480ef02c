// Names of functions of this object, for reports; its symbols are hidden, so the file's own table is read.
#pragma once

#include <string>

#pragma GCC visibility push(hidden)

namespace emulator {

// "gemm<...>", or an address where the table was stripped.
std::string symbol_name(const void* function);
// "gemm<...>+0x1a2 (0x21a2)": the second number is for addr2line.
std::string code_place(const void* pc);

}  // namespace emulator

#pragma GCC visibility pop
