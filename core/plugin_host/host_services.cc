#include "core/plugin_host/host_services.h"

#include <algorithm>
#include <cstring>
#include <variant>

#include "core/plugin_host/call.h"
#include "core/plugin_host/foreign_value.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxLogLine = 8 << 10, kMaxLogFields = 64;

constexpr char kHostName[] = "stoker";

std::string as_text(const FieldValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* real = std::get_if<double>(&value)) return std::to_string(*real);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return std::to_string(std::get<int64_t>(value));
}

std::string compose(stoker_str message, const stoker_field* fields, size_t n) {
  message.size = std::min(message.size, kMaxLogLine);
  std::string line = copy_text(message, "log message");
  if (fields == nullptr) n = 0;
  for (size_t i = 0; i < std::min(n, kMaxLogFields) && line.size() < kMaxLogLine; ++i)
    line += " " + copy_text(fields[i].key, "log field") + "=" + as_text(copy_value(fields[i].value, "log field"));
  if (line.size() > kMaxLogLine) line.resize(kMaxLogLine);
  return line;
}

}  // namespace

HostServices::HostServices(std::string plugin, std::filesystem::path file, Clock& clock, HostLog& log,
                           std::vector<HostService> services, std::function<std::string(std::string)> mask)
    : plugin_(std::move(plugin)),
      file_(std::move(file)),
      clock_(clock),
      log_(log),
      services_(std::move(services)),
      mask_(std::move(mask)),
      table_{} {
  table_.owner = this;
  stoker_host& host = table_.host;
  host.struct_size = sizeof host;
  host.abi_major = STOKER_ABI_MAJOR;
  host.abi_minor = STOKER_ABI_NEWEST_MINOR;
  host.name = {kHostName, sizeof kHostName - 1};
  host.version = {STOKER_SDK_VERSION, sizeof STOKER_SDK_VERSION - 1};
  host.log = log_line;
  host.wall_ms = [](const stoker_host* self) noexcept { return of(self).clock_.wall_ms(); };
  host.mono_ms = [](const stoker_host* self) noexcept { return of(self).clock_.mono_ms(); };
  host.get_service = get_service;
  fill_call_functions(host);
}

const HostServices& HostServices::of(const stoker_host* host) { return *reinterpret_cast<const Table*>(host)->owner; }

std::string HostServices::clean(std::string text) const {
  if (mask_) text = mask_(std::move(text));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

void HostServices::log(int32_t level, const std::string& message) const { log_.write(level, plugin_, clean(message)); }

void HostServices::log_line(const stoker_host* self, const stoker_call*, int32_t level, stoker_str message,
                            const stoker_field* fields, size_t n) noexcept {
  const HostServices& host = of(self);
  if (level < STOKER_LOG_DEBUG || level > STOKER_LOG_ERROR) level = STOKER_LOG_INFO;
  try {
    std::string line;
    try {
      line = compose(message, fields, n);
    } catch (const Breach& breach) {
      level = STOKER_LOG_WARNING;
      line = std::string("a log line that breaks the contract: ") + breach.what();
    }
    host.log(level, line);
  } catch (const std::exception&) {
    // Nowhere is left to report it to, and a line that can not be written must not end the plugin's call.
  }
}

const void* HostServices::get_service(const stoker_host* self, const char* id) noexcept {
  if (id == nullptr) return nullptr;
  for (const HostService& service : of(self).services_)
    if (service.id == id) return service.table;
  return nullptr;
}

}  // namespace stoker::plugin_host
