#include "core/remote/ssh_memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace stoker::remote {

SshMemory::~SshMemory() {
  while (first_ != nullptr) {
    ::explicit_bzero(first_ + 1, first_->size);
    release(first_ + 1);
  }
}

void SshMemory::link(Block* block, size_t size) {
  *block = {nullptr, first_, size};
  if (first_ != nullptr) first_->before = block;
  first_ = block;
}

void SshMemory::unlink(Block* block) {
  (block->before != nullptr ? block->before->after : first_) = block->after;
  if (block->after != nullptr) block->after->before = block->before;
}

void* SshMemory::allocate(size_t size) {
  if (size > SIZE_MAX - sizeof(Block)) return nullptr;
  auto* block = static_cast<Block*>(std::malloc(sizeof(Block) + size));
  if (block == nullptr) return nullptr;
  link(block, size);
  return block + 1;
}

void* SshMemory::resize(void* memory, size_t size) {
  if (memory == nullptr) return allocate(size);
  if (size > SIZE_MAX - sizeof(Block)) return nullptr;
  Block* block = static_cast<Block*>(memory) - 1;
  const size_t before = block->size;
  unlink(block);
  auto* moved = static_cast<Block*>(std::realloc(block, sizeof(Block) + size));
  if (moved == nullptr) {
    link(block, before);
    return nullptr;
  }
  link(moved, size);
  return moved + 1;
}

void SshMemory::release(void* memory) {
  if (memory == nullptr) return;
  Block* block = static_cast<Block*>(memory) - 1;
  unlink(block);
  std::free(block);
}

}  // namespace stoker::remote
