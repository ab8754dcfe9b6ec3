#include "core/remote/reply.h"

#include <simdjson.h>

#include <algorithm>

namespace stoker::remote {
namespace {

using simdjson::dom::element;

constexpr size_t kMaxPath = 1024, kMaxDepth = 16, kMaxJsonDepth = 16;
constexpr std::string_view kPart = ".part";

Error malformed(const std::string& what) { return {Fault::unavailable, "stoker-runner answered what is no " + what}; }

class Reader {
 public:
  explicit Reader(std::string what) : what_(std::move(what)) {
    if (parser_.allocate(1 << 16, kMaxJsonDepth) != simdjson::SUCCESS) throw std::bad_alloc();
  }

  // False when the text is no JSON object.
  bool read(std::string_view json) {
    return parser_.parse(json.data(), json.size()).get(root_) == simdjson::SUCCESS && root_.is_object();
  }
  void require(std::string_view json) {
    if (json.size() > kMaxReply || !read(json)) throw malformed(what_);
  }

  [[nodiscard]] bool has(std::string_view name) const { return root_[name].error() == simdjson::SUCCESS; }
  bool text(std::string_view name, std::string& to) const {
    std::string_view value;
    if (root_[name].get(value) != simdjson::SUCCESS) return false;
    to = value;
    return true;
  }
  bool number(std::string_view name, int64_t& to) const { return root_[name].get(to) == simdjson::SUCCESS; }
  bool boolean(std::string_view name, bool& to) const { return root_[name].get(to) == simdjson::SUCCESS; }
  [[nodiscard]] const element& root() const { return root_; }

 private:
  simdjson::dom::parser parser_{kMaxReply};
  element root_;
  std::string what_;
};

// Calls `line` for each line that is not empty; too many are refused.
template <typename Line>
void each_line(std::string_view text, Line line) {
  size_t count = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) {
      if (++count > kMaxListEntries + 1) throw malformed("list: more than 100,000 entries");
      line(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool is_hash(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<int> small_number(const element& object, const char* name) {
  int64_t value = 0;
  if (object[name].get(value) != simdjson::SUCCESS || value < 0 || value > 255) return std::nullopt;
  return static_cast<int>(value);
}

}  // namespace

PhaseStatus parse_status(std::string_view json) {
  constexpr std::string_view kStates[] = {"absent", "running", "unsupervised", "exited", "lost", "rebooted"};
  Reader reader("status");
  reader.require(json);
  PhaseStatus status;
  if (!reader.text("state", status.state) || std::ranges::find(kStates, status.state) == std::end(kStates))
    throw malformed("status");
  reader.number("pid", status.pid);
  reader.number("start_time", status.start_time);
  reader.text("boot_id", status.boot_id);
  reader.number("log_bytes", status.log_bytes);
  reader.number("log_size", status.log_size);
  element exit;
  if (reader.root()["exit"].get(exit) == simdjson::SUCCESS) {
    status.exit_code = small_number(exit, "code");
    status.exit_signal = small_number(exit, "signal");
  }
  if (status.log_bytes < 0 || status.log_size < 0) throw malformed("status");
  return status;
}

Armed parse_armed(std::string_view json) {
  Reader reader("watchdog");
  reader.require(json);
  Armed armed;
  if (!reader.boolean("armed", armed.armed)) throw malformed("watchdog");
  reader.boolean("power_off", armed.power_off);
  reader.boolean("root", armed.root);
  reader.number("hard_cap_ms", armed.hard_cap_ms);
  reader.number("idle_ms", armed.idle_ms);
  return armed;
}

int64_t parse_count(std::string_view json, std::string_view name) {
  Reader reader("count of " + std::string(name));
  reader.require(json);
  int64_t count = 0;
  if (!reader.number(name, count)) throw malformed("count of " + std::string(name));
  return count;
}

std::vector<PresentFile> parse_present(std::string_view lines) {
  Reader reader("list of files");
  std::vector<PresentFile> files;
  each_line(lines, [&](std::string_view line) {
    reader.require(line);
    PresentFile file;
    if (!reader.text("path", file.path) || !reader.text("xxh3", file.xxh3) || !reader.number("size", file.size) ||
        !reader.boolean("partial", file.partial) || file.size < 0)
      throw malformed("list of files");
    files.push_back(std::move(file));
  });
  return files;
}

std::vector<ManifestEntry> parse_manifest(std::string_view lines, size_t& refused) {
  Reader reader("manifest");
  std::vector<ManifestEntry> entries;
  bool whole = false;
  each_line(lines, [&](std::string_view line) {
    // A line that is no JSON holds a name that is no UTF-8.
    if (whole || line.size() > kMaxReply) throw malformed("manifest");
    ManifestEntry entry;
    if (!reader.read(line)) return void(++refused);
    if (int64_t left_out = 0; reader.number("refused", left_out) && !reader.has("path")) {
      whole = true;
      return void(refused += static_cast<size_t>(std::clamp<int64_t>(left_out, 0, INT32_MAX)));
    }
    const bool complete = reader.text("path", entry.path) && reader.text("xxh3", entry.xxh3) &&
                          reader.number("size", entry.size) && reader.number("mtime_ms", entry.mtime_ms);
    if (!complete || entry.size < 0 || !is_hash(entry.xxh3) || !is_safe_path(entry.path)) return void(++refused);
    entry.mtime_ms = std::max<int64_t>(entry.mtime_ms, 0);  // ages are counted from it
    entries.push_back(std::move(entry));
  });
  if (!whole) throw malformed("whole manifest");
  return entries;
}

bool is_safe_path(std::string_view path) {
  if (path.empty() || path.size() > kMaxPath || path.ends_with(kPart)) return false;
  if (std::ranges::any_of(path, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; })) return false;
  size_t depth = 0;
  for (size_t at = 0; at <= path.size(); ++depth) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name = path.substr(at, end - at);
    if (name.empty() || name == "." || name == ".." || name.size() > 255) return false;
    at = end + 1;
  }
  return depth <= kMaxDepth;
}

}  // namespace stoker::remote
