#include "core/plugin_host/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxTable = 16 << 20;
constexpr size_t kMaxSections = 4096, kMaxNames = 1000, kMaxName = 1000;

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
#error "say which ELF machine this is"
#endif

std::string machine_name(uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86_64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390x";
    default:
      return "ELF machine " + std::to_string(machine);
  }
}

std::optional<std::vector<Elf64_Shdr>> sections(const ReadAt& read) {
  Elf64_Ehdr header{};
  if (!read(0, &header, sizeof header)) return std::nullopt;
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum > kMaxSections) return std::nullopt;
  std::vector<Elf64_Shdr> all(header.e_shnum);
  if (all.empty() || !read(header.e_shoff, all.data(), all.size() * sizeof(Elf64_Shdr))) return std::nullopt;
  return all;
}

template <class T>
std::vector<T> table(const ReadAt& read, const Elf64_Shdr& section) {
  if (section.sh_size > kMaxTable) return {};
  std::vector<T> content(section.sh_size / sizeof(T));
  if (content.empty() || !read(section.sh_offset, content.data(), content.size() * sizeof(T))) return {};
  return content;
}

bool defined_for_others(const Elf64_Sym& symbol) {
  const unsigned binding = ELF64_ST_BIND(symbol.st_info), visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF && (binding == STB_GLOBAL || binding == STB_WEAK) &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

// Calls `visit` with the rest of the names from each exported one on, until it returns false.
void each_exported(const ReadAt& read, const std::function<bool(std::string_view)>& visit) {
  const auto all = sections(read);
  if (!all) return;
  for (const Elf64_Shdr& section : *all) {
    if (section.sh_type != SHT_DYNSYM || section.sh_entsize != sizeof(Elf64_Sym) || section.sh_link >= all->size())
      continue;
    const std::vector<char> names = table<char>(read, (*all)[section.sh_link]);
    for (const Elf64_Sym& entry : table<Elf64_Sym>(read, section)) {
      if (!defined_for_others(entry) || entry.st_name >= names.size()) continue;
      if (!visit({names.data() + entry.st_name, names.size() - entry.st_name})) return;
    }
    return;  // a library has one; looking at thousands of made-up ones would take for ever
  }
}

}  // namespace

const char* this_machine() { return kMachine == EM_X86_64 ? "x86_64" : "aarch64"; }

std::string elf_fault(const ReadAt& read) {
  Elf64_Ehdr header{};
  if (!read(0, header.e_ident, EI_NIDENT) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return "it is not an ELF file";
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return "it is not 64-bit";
  if (header.e_ident[EI_DATA] != ELFDATA2LSB) return "it is not little-endian";
  if (!read(0, &header, sizeof header)) return "it ends inside its header";
  if (header.e_machine != kMachine) return "it is built for " + machine_name(header.e_machine);
  if (header.e_type != ET_DYN) return "it is an ELF file of another type";
  return {};
}

std::vector<std::string> elf_exported(const ReadAt& read) {
  std::vector<std::string> exported;
  each_exported(read, [&](std::string_view rest) {
    exported.emplace_back(rest.substr(0, std::min(rest.substr(0, kMaxName).find('\0'), kMaxName)));
    return exported.size() < kMaxNames;
  });
  return exported;
}

bool elf_exports(const ReadAt& read, std::string_view symbol) {
  bool found = false;
  each_exported(read, [&](std::string_view rest) {
    found = rest.size() > symbol.size() && rest.starts_with(symbol) && rest[symbol.size()] == '\0';
    return !found;
  });
  return found;
}

}  // namespace stoker::plugin_host
