#include "emulator/symbols.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

namespace emulator {
namespace {

struct Function {
  uintptr_t begin, bytes;
  std::string name;
};

template <class T>
std::vector<T> read_table(std::ifstream& file, const ElfW(Shdr) & section) {
  std::vector<T> table(section.sh_size / sizeof(T));
  file.seekg(static_cast<std::streamoff>(section.sh_offset));
  file.read(reinterpret_cast<char*>(table.data()), static_cast<std::streamsize>(table.size() * sizeof(T)));
  return table;
}

struct Functions {
  uintptr_t base = 0;  // added to a symbol's value
  std::vector<Function> sorted;
};

Functions read_functions(const char* path, uintptr_t loaded_at) {
  Functions functions;
  std::ifstream file(path, std::ios::binary);
  ElfW(Ehdr) header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return functions;
  functions.base = header.e_type == ET_EXEC ? 0 : loaded_at;
  std::vector<ElfW(Shdr)> sections(header.e_shnum);
  file.seekg(static_cast<std::streamoff>(header.e_shoff));
  file.read(reinterpret_cast<char*>(sections.data()),
            static_cast<std::streamsize>(sections.size() * sizeof(ElfW(Shdr))));
  for (const auto& section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const auto names = read_table<char>(file, sections[section.sh_link]);
    for (const auto& symbol : read_table<ElfW(Sym)>(file, section))
      if ((symbol.st_info & 15) == STT_FUNC && symbol.st_value != 0 && symbol.st_name < names.size())
        functions.sorted.push_back({symbol.st_value, symbol.st_size, names.data() + symbol.st_name});
  }
  std::sort(functions.sorted.begin(), functions.sorted.end(),
            [](const Function& a, const Function& b) { return a.begin < b.begin; });
  return functions;
}

// The functions of the object that contains this code.
const Functions& own_functions() {
  static const Functions functions = [] {
    Dl_info self{};
    if (dladdr(reinterpret_cast<const void*>(&read_functions), &self) == 0) return Functions();
    const auto base = reinterpret_cast<uintptr_t>(self.dli_fbase);
    Functions found = read_functions(self.dli_fname, base);
    return found.sorted.empty() ? read_functions("/proc/self/exe", base) : found;
  }();
  return functions;
}

const Function* function_at(uintptr_t offset) {
  const auto& sorted = own_functions().sorted;
  auto after =
      std::upper_bound(sorted.begin(), sorted.end(), offset,
                       [](uintptr_t value, const Function& function) { return value < function.begin; });
  if (after == sorted.begin()) return nullptr;
  const Function& found = *std::prev(after);
  return offset < found.begin + std::max<uintptr_t>(found.bytes, 1) ? &found : nullptr;
}

// The name without the return type, the parameters and the product's namespaces; long names are truncated.
std::string short_name(const std::string& symbol) {
  int status = 0;
  char* const text = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  std::string name = status == 0 ? text : symbol;
  std::free(text);
  int depth = 0;
  size_t begin = 0, end = name.size();
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<') ++depth;
    if (name[i] == '>') --depth;
    if (depth == 0 && name[i] == ' ') begin = i + 1;
    if (depth == 0 && name[i] == '(' && name.compare(i, 11, "(anonymous ") != 0) {
      end = i;
      break;
    }
  }
  name = name.substr(begin, end - begin);
  for (const char* prefix : {"alexnet::cuda::", "(anonymous namespace)::", "namespace)::"})
    for (size_t at; (at = name.find(prefix)) != std::string::npos;)
      name.erase(at, std::string(prefix).size());
  constexpr size_t kLongest = 120;
  return name.size() > kLongest ? name.substr(0, kLongest) + "..." : name;
}

std::string hexadecimal(uintptr_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%zx", static_cast<size_t>(number));
  return text;
}

}  // namespace

std::string symbol_name(const void* function) {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(function) - own_functions().base;
  const Function* found = function_at(offset);
  return found ? short_name(found->name) : "kernel at " + hexadecimal(offset);
}

std::string code_place(const void* pc) {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(pc) - own_functions().base;
  const Function* found = function_at(offset);
  const std::string place = hexadecimal(offset);
  return found ? short_name(found->name) + "+" + hexadecimal(offset - found->begin) + " (" + place + ")"
               : place;
}

}  // namespace emulator
