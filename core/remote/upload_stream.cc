#include "core/remote/upload_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_map>

#include "core/runner/protocol.h"

namespace stoker::remote {
namespace {

void put(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

int64_t mtime_ns(const struct stat& info) {
  return int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

Error unreadable(const std::filesystem::path& local, int error_number) {
  return {Fault::invalid, "can not read " + local.string() + ": " + std::strerror(error_number)};
}

Error changed(const std::filesystem::path& local) {
  return {Fault::invalid, local.string() + " changed while it was sent",
          "leave the files of a job alone until it runs"};
}

Descriptor open_local(const std::filesystem::path& local, struct stat& info) {
  Descriptor file(::open(local.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file || ::fstat(file.get(), &info) != 0) throw unreadable(local, errno);
  if (!S_ISREG(info.st_mode)) throw Error(Fault::invalid, local.string() + " is no regular file");
  return file;
}

// The hash of the first `size` bytes, or nothing when there are fewer.
std::string prefix_hash(const UploadFile& file, int64_t size) {
  Digest digest;
  if (file.content) {
    digest.add(std::string_view(*file.content).substr(0, static_cast<size_t>(size)));
    return digest.hex();
  }
  struct stat info{};
  const Descriptor local = open_local(file.local, info);
  return add_file(digest, local.get(), size, file.local.string()) == size ? digest.hex() : std::string{};
}

}  // namespace

UploadStream::UploadStream(const std::vector<UploadFile>& files, const std::vector<PresentFile>& present,
                           std::function<void(int64_t, int64_t)> progress)
    : progress_(std::move(progress)), frame_(runner::kReceiveMagic) {
  std::unordered_map<std::string_view, const PresentFile*> there;
  for (const PresentFile& file : present) there[file.path] = &file;
  for (const UploadFile& file : files) {
    Plan next = plan(file);
    total_ += next.size;
    const auto found = there.find(file.path);
    const bool skip = found != there.end() && skips(next, *found->second);
    done_ += skip ? next.size : next.offset;
    if (!skip) plans_.push_back(next);
  }
  if (progress_) progress_(done_, total_);
}

UploadStream::Plan UploadStream::plan(const UploadFile& file) {
  if (file.path.empty() || file.path.size() > UINT16_MAX)
    throw Error(Fault::invalid, "a path of " + std::to_string(file.path.size()) + " bytes can not be uploaded");
  if (file.content) return {&file, static_cast<int64_t>(file.content->size())};
  struct stat info{};
  const Descriptor local = open_local(file.local, info);
  return {&file, info.st_size, mtime_ns(info)};
}

// True when the whole file is there; else sets where to go on.
bool UploadStream::skips(Plan& plan, const PresentFile& there) {
  if (there.size > plan.size || (!there.partial && there.size != plan.size)) return false;
  if (prefix_hash(*plan.file, there.size) != there.xxh3) return false;
  if (there.partial) plan.offset = there.size;
  return !there.partial;
}

size_t UploadStream::read(char* to, size_t size) {
  size_t filled = 0;
  while (filled < size) {
    if (!frame_.empty()) {
      const size_t count = std::min(frame_.size(), size - filled);
      frame_.copy(to + filled, count);
      frame_.erase(0, count);
      filled += count;
    } else if (in_body_) {
      filled += read_body(to + filled, size - filled);
    } else if (!ended_) {
      next_file();
    } else {
      break;
    }
  }
  if (progress_ && filled > 0) progress_(done_, total_);
  return filled;
}

void UploadStream::next_file() {
  if (at_ == plans_.size()) {
    put(frame_, runner::kFrameEnd, 1);
    ended_ = true;
    return;
  }
  const Plan& plan = plans_[at_];
  const UploadFile& file = *plan.file;
  digest_ = Digest();
  if (file.content) {
    digest_.add(std::string_view(*file.content).substr(0, static_cast<size_t>(plan.offset)));
  } else {
    struct stat info{};
    local_ = open_local(file.local, info);
    if (info.st_size != plan.size || mtime_ns(info) != plan.mtime_ns) throw changed(file.local);
    if (add_file(digest_, local_.get(), plan.offset, file.local.string()) != plan.offset) throw changed(file.local);
  }
  put(frame_, runner::kFrameFile, 1);
  put(frame_, file.path.size(), 2);
  frame_ += file.path;
  put(frame_, file.executable ? 0755 : 0644, 4);
  put(frame_, static_cast<uint64_t>(plan.size), 8);
  put(frame_, static_cast<uint64_t>(plan.offset), 8);
  position_ = plan.offset;
  in_body_ = true;
}

size_t UploadStream::read_body(char* to, size_t size) {
  const Plan& plan = plans_[at_];
  const auto want = static_cast<size_t>(std::min<int64_t>(plan.size - position_, static_cast<int64_t>(size)));
  if (want == 0) return finish_file(), 0;
  size_t got = want;
  if (plan.file->content) {
    plan.file->content->copy(to, want, static_cast<size_t>(position_));
  } else {
    const ssize_t count = ::pread(local_.get(), to, want, position_);
    if (count < 0 && errno == EINTR) return 0;
    if (count < 0) throw unreadable(plan.file->local, errno);
    if (count == 0) throw changed(plan.file->local);
    got = static_cast<size_t>(count);
  }
  digest_.add({to, got});
  position_ += static_cast<int64_t>(got);
  done_ += static_cast<int64_t>(got);
  return got;
}

void UploadStream::finish_file() {
  const Plan& plan = plans_[at_];
  if (!plan.file->content) {
    struct stat info{};
    if (::fstat(local_.get(), &info) != 0) throw unreadable(plan.file->local, errno);
    if (info.st_size != plan.size || mtime_ns(info) != plan.mtime_ns) throw changed(plan.file->local);
    local_ = Descriptor();
  }
  put(frame_, digest_.value(), 8);
  in_body_ = false;
  ++at_;
}

}  // namespace stoker::remote
