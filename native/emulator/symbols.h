// Names of this object's functions, for reports. Its symbols are hidden, so the symbol table is read from the
// file.
#pragma once

#include <string>

#pragma GCC visibility push(hidden)

namespace emulator {

// "gemm<...>", or an address if the table was stripped.
std::string symbol_name(const void* function);
// "gemm<...>+0x1a2 (0x21a2)": the second number is for addr2line.
std::string code_place(const void* pc);

}  // namespace emulator

#pragma GCC visibility pop
