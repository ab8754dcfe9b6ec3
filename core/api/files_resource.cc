#include <fcntl.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>

#include "core/api/page.h"
#include "core/api/resources.h"
#include "core/error.h"
#include "core/private_file.h"
#include "core/store/artifacts.h"
#include "core/store/job_id.h"
#include "core/utf8.h"

namespace stoker::api {
namespace {

constexpr int64_t kSpareBytes = 64 << 20;  // left free for the store
constexpr int64_t kCheckBytes = 64 << 20;  // of a body of unannounced length, between two looks at the disk
constexpr size_t kMaxName = 255;

void write_file(JsonWriter& json, const store::FileRow& row) {
  json.begin_object()
      .member("id", row.id)
      .member("name", to_utf8(row.name))
      .member("size", row.size)
      .member("created_ms", row.created_ms)
      .end_object();
}

std::string file_body(const store::FileRow& row) {
  JsonWriter json;
  write_file(json, row);
  return json.str();
}

// A label for people; the file on disk is named by its id.
std::string checked_name(const Target& target) {
  std::string name = target.text("name");
  const bool control =
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (name.size() > kMaxName || control)
    throw Error(Fault::invalid, "the name of the file is longer than 255 bytes or holds control characters", {},
                "name");
  return name;
}

void require_space(const std::filesystem::path& folder, int64_t size) {
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0)
    throw system_error("can not look at the disk of " + folder.string(), errno);
  const auto free_bytes = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
  if (size > free_bytes - kSpareBytes)
    throw Error(Fault::unavailable, "the disk has no room for " + std::to_string(size) + " bytes",
                "free space on the disk of the state folder, then upload again");
}

// Unlinked again unless it was kept.
class PartFile {
 public:
  explicit PartFile(std::filesystem::path path)
      : path_(std::move(path)), fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (!fd_) throw system_error("can not write " + path_.string(), errno);
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  void write(const char* data, size_t size) {
    while (size > 0) {
      const ssize_t n = ::write(fd_.get(), data, size);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw system_error("can not write " + path_.string(), errno);
      data += n;
      size -= static_cast<size_t>(n);
    }
  }

  void keep_as(const std::filesystem::path& path) {
    if (::fsync(fd_.get()) != 0 || ::rename(path_.c_str(), path.c_str()) != 0)
      throw system_error("can not write " + path.string(), errno);
    path_.clear();
    const Descriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) throw system_error("can not sync " + path.parent_path().string(), errno);
  }

 private:
  std::filesystem::path path_;
  Descriptor fd_;
};

// How many bytes came.
int64_t receive(Body& body, PartFile& part, const std::filesystem::path& folder) {
  std::vector<char> buffer(256 * 1024);
  int64_t size = 0, checked_at = 0;
  while (const size_t n = body.read(buffer.data(), buffer.size())) {
    part.write(buffer.data(), n);
    size += static_cast<int64_t>(n);
    if (body.size() >= 0 || size - checked_at < kCheckBytes) continue;
    require_space(folder, kCheckBytes);
    checked_at = size;
  }
  return size;
}

store::FileRow require_file(const ServerContext& context, const Request& request) {
  const std::string& id = request.parameters.at(0);
  auto row = context.db.read([&](store::Connection& connection) { return store::Files(connection).find(id); });
  if (!row || !request.caller.may_see(row->owner))
    throw Error(Fault::not_found, "there is no file " + to_utf8(id), "GET /v1/files lists them");
  return *row;
}

}  // namespace

Reply upload_file(const ServerContext& context, const Request& request) {
  const std::filesystem::path folder = context.state_dir / "files";
  store::FileRow row;
  row.name = checked_name(request.target);
  row.owner = request.caller.name;
  row.created_ms = context.clock.wall_ms();
  row.id = "file-" + store::new_job_id(row.created_ms);
  require_space(folder, request.body.size() < 0 ? kCheckBytes : request.body.size());
  PartFile part(folder / (row.id + ".part"));
  row.size = receive(request.body, part, folder);
  part.keep_as(folder / row.id);
  context.db.write("add file", [&](store::Connection& connection) { store::Files(connection).insert(row); });
  Reply reply;
  reply.status = 201;
  reply.body = file_body(row);
  reply.fields.emplace_back("Location", "/v1/files/" + row.id);
  return reply;
}

Reply list_files(const ServerContext& context, const Request& request) {
  const auto fetch = [&](int limit, const std::string& after) {
    return context.db.read([&](store::Connection& connection) { return store::Files(connection).list(limit, after); });
  };
  const auto page = collect_page<store::FileRow>(
      request.target, fetch, [&](const store::FileRow& row) { return request.caller.may_see(row.owner); });
  Reply reply;
  reply.body = to_json(page, write_file);
  return reply;
}

Reply get_file(const ServerContext& context, const Request& request) {
  Reply reply;
  reply.body = file_body(require_file(context, request));
  return reply;
}

Reply delete_file(const ServerContext& context, const Request& request) {
  const store::FileRow row = require_file(context, request);
  context.db.write("remove file", [&](store::Connection& connection) { store::Files(connection).remove(row.id); });
  const std::filesystem::path path = context.state_dir / "files" / row.id;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw system_error("can not remove " + path.string(), errno);
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace stoker::api
