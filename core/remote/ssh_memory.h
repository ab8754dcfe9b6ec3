// The memory of one libssh2 session. libssh2 1.10 forgets the ephemeral keys of a key exchange that is broken off, and
// the old host key at each new exchange: what a session has not given back is wiped and freed when this goes.
#pragma once

#include <cstddef>

namespace stoker::remote {

// One thread at a time. As malloc, realloc and free, null included.
class SshMemory {
 public:
  SshMemory() = default;
  ~SshMemory();
  SshMemory(const SshMemory&) = delete;
  SshMemory& operator=(const SshMemory&) = delete;

  void* allocate(size_t size);
  void* resize(void* memory, size_t size);
  void release(void* memory);

 private:
  struct alignas(std::max_align_t) Block {
    Block* before;
    Block* after;
    size_t size;
  };
  void link(Block* block, size_t size);
  void unlink(Block* block);

  Block* first_ = nullptr;
};

}  // namespace stoker::remote
