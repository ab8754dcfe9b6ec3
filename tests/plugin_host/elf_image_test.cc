#include "core/plugin_host/elf_image.h"

#include <elf.h>

#include <cstring>
#include <random>

#include "core/private_file.h"
#include "tests/plugin_host/plugin_folder.h"

namespace stoker::plugin_host {
namespace {

ReadAt reader(const std::string& bytes) {
  return [&bytes](uint64_t offset, void* out, size_t size) {
    if (offset > bytes.size() || size > bytes.size() - offset) return false;
    std::memcpy(out, bytes.data() + offset, size);
    return true;
  };
}

std::string module_bytes(const std::string& id) {
  return read_file(std::filesystem::path(STOKER_TEST_MODULE_DIR) / (id + ".so"));
}

TEST(ElfImage, ReadsARealLibrary) {
  const std::string bytes = module_bytes("lines");
  EXPECT_EQ(elf_fault(reader(bytes)), "");
  EXPECT_TRUE(elf_exports(reader(bytes), "stoker_plugin_entry"));
  EXPECT_FALSE(elf_exports(reader(bytes), "stoker_plugin_entr"));
  EXPECT_FALSE(elf_exports(reader(bytes), "stoker_plugin_entry_"));
  EXPECT_FALSE(elf_exports(reader(bytes), "memchr")) << "imported, not exported";
  EXPECT_FALSE(elf_exports(reader(module_bytes("no_entry")), "stoker_plugin_entry"));
}

TEST(ElfImage, SaysWhatElseItIs) {
  std::string bytes = module_bytes("lines");
  bytes[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(elf_fault(reader(bytes)), "it is not 64-bit");
  bytes[EI_CLASS] = ELFCLASS64;
  bytes[EI_DATA] = ELFDATA2MSB;
  EXPECT_EQ(elf_fault(reader(bytes)), "it is not little-endian");
  bytes[EI_DATA] = ELFDATA2LSB;
  bytes[16] = ET_REL;
  EXPECT_EQ(elf_fault(reader(bytes)), "it is an ELF file of another type");
  EXPECT_EQ(elf_fault(reader(bytes.substr(0, 40))), "it ends inside its header");
}

TEST(ElfImage, SurvivesDamage) {
  const std::string bytes = module_bytes("lines");
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = bytes;
    // The header and the section table at the end are where offsets are.
    for (int n = 0; n < 4; ++n) {
      const size_t at = random() % 2 == 0 ? random() % 64 : bytes.size() - 1 - random() % 2000;
      damaged[at] = static_cast<char>(random());
    }
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    (void)elf_fault(reader(damaged));
    (void)elf_exports(reader(damaged), "stoker_plugin_entry");
  }
}

}  // namespace
}  // namespace stoker::plugin_host
