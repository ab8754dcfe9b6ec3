#include "sdk/check/guarded.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace stoker::check {
namespace {

constexpr size_t kKept = 4096;  // loans that stay unreadable; a process has some 65,000 mappings
constexpr int kScribble = 0xA5;

size_t page_size() {
  static const auto size = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

std::deque<Loans::Pages> Loans::taken_back_;

Loans::~Loans() { take_back(); }

void* Loans::place(const void* from, size_t size, size_t alignment) {
  const size_t page = page_size(), used = (size + page - 1) / page * page;
  void* memory = ::mmap(nullptr, used + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  char* begin = static_cast<char*>(memory);
  ::mprotect(begin + used, page, PROT_NONE);
  lent_.push_back({begin, used + page});
  char* at = begin + used - size;
  at -= reinterpret_cast<uintptr_t>(at) % alignment;
  if (size > 0) std::memcpy(at, from, size);
  return at;
}

stoker_str Loans::text(std::string_view bytes) {
  return {static_cast<const char*>(place(bytes.data(), bytes.size(), 1)), bytes.size()};
}

stoker_bytes Loans::bytes(std::string_view bytes) { return {place(bytes.data(), bytes.size(), 1), bytes.size()}; }

const char* Loans::c_text(std::string_view text) {
  const std::string ended(text);
  return static_cast<const char*>(place(ended.c_str(), ended.size() + 1, 1));
}

void Loans::take_back() {
  for (const Pages& pages : lent_) {
    std::memset(pages.begin, kScribble, pages.size - page_size());
    ::mprotect(pages.begin, pages.size, PROT_NONE);
    taken_back_.push_back(pages);
  }
  lent_.clear();
  for (; taken_back_.size() > kKept; taken_back_.pop_front())
    ::munmap(taken_back_.front().begin, taken_back_.front().size);
}

}  // namespace stoker::check
