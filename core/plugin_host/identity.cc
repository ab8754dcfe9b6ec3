#define BOOST_DLL_USE_STD_FS
#include "core/plugin_host/identity.h"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <boost/system/error_code.hpp>
#include <cstring>
#include <optional>

#include "core/error.h"
#include "core/plugin_host/foreign_value.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kIdentitySize = offsetof(stoker_plugin, sdk_version);
constexpr size_t kMajorOneSize = offsetof(stoker_plugin, get_factory) + sizeof(void*);

using Entry = const stoker_plugin*();

Error refusal(const std::string& message, const std::string& hint) { return {Fault::unsupported, message, hint}; }

Error load_failure(const std::filesystem::path& file, const char* text) {
  // dlerror's text; Boost's error code says "bad file descriptor" whatever the cause.
  const std::string why = text == nullptr ? "no reason was given" : text;
  if (why.find("GLIBC_") != std::string::npos || why.find("GLIBCXX_") != std::string::npos)
    return refusal(file.string() + " can not be loaded: " + why + "; it was built on a newer system than this one",
                   "install a build for this system, or build it here");
  return refusal(file.string() + " can not be loaded: " + why, "install what it needs, or rebuild it for this system");
}

Entry* load(const std::filesystem::path& file) {
  boost::dll::fs::error_code error;
  boost::dll::shared_library library;
  library.load(file, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local, error);
  if (error) throw load_failure(file, ::dlerror());
  // The library outlives its handle: code and data of a plugin stay valid for threads, exceptions and static texts.
  if (::dlopen(file.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) == nullptr) throw load_failure(file, ::dlerror());
  if (!library.has("stoker_plugin_entry")) throw load_failure(file, "it exports no stoker_plugin_entry");
  return &library.get<Entry>("stoker_plugin_entry");
}

const stoker_plugin* call_entry(const std::filesystem::path& file, Entry* entry) {
  const Error thrown = refusal(file.string() + " threw an exception out of stoker_plugin_entry",
                               "this is a bug of the plugin; tell its author, or use another version");
  try {
    return entry();
  } catch (const std::exception&) {
    throw thrown;
  } catch (...) {
    throw thrown;
  }
}

std::string numbers(unsigned major, unsigned minor) { return std::to_string(major) + "." + std::to_string(minor); }

// The first 32 bytes are common to all majors; nothing beyond them is read before the major is known.
stoker_plugin read_identity(const std::filesystem::path& file, const stoker_plugin* foreign, ModuleIdentity& identity) {
  const Error no_identity = refusal(file.string() + " exports stoker_plugin_entry, but not the identity of a plugin",
                                    "rebuild it with the Stoker SDK");
  if (foreign == nullptr) throw no_identity;
  stoker_plugin local{};
  std::memcpy(&local, foreign, kIdentitySize);
  if (local.magic != STOKER_MAGIC || local.struct_size < kIdentitySize) throw no_identity;
  identity.abi_major = local.abi_major;
  identity.abi_minor = local.abi_minor;
  try {
    identity.id = copy_c_text(local.id, "id");
    identity.version = copy_c_text(local.version, "version");
  } catch (const Breach&) {
    throw no_identity;
  }
  const std::string name = identity.id + " " + identity.version + " (" + file.string() + ")";
  const std::string offered = numbers(STOKER_ABI_MAJOR, STOKER_ABI_NEWEST_MINOR);
  const unsigned own_major = STOKER_ABI_MAJOR, own_minor = STOKER_ABI_NEWEST_MINOR;
  if (local.abi_major != own_major)
    throw refusal(name + " is built for plugin ABI " + std::to_string(local.abi_major) + "; this agent loads ABI " +
                      std::to_string(own_major),
                  local.abi_major > own_major ? "upgrade the agent, or install an older " + identity.id
                                              : "install a newer " + identity.id);
  if (local.abi_minor > own_minor)
    throw refusal(
        name + " needs plugin ABI " + numbers(local.abi_major, local.abi_minor) + "; this agent offers " + offered,
        "upgrade the agent, or rebuild the plugin with TARGET_ABI " + offered);
  if (local.struct_size < kMajorOneSize) throw no_identity;
  return copy_struct(foreign, "plugin table");
}

}  // namespace

stoker_plugin load_plugin(const std::filesystem::path& file, std::optional<ModuleIdentity>& identity) {
  ModuleIdentity found;
  try {
    const stoker_plugin table = read_identity(file, call_entry(file, load(file)), found);
    identity = found;
    if (table.init == nullptr || table.deinit == nullptr || table.get_factory == nullptr)
      throw refusal(file.string() + " leaves a function of its plugin table empty", "rebuild it with the Stoker SDK");
    return table;
  } catch (const Error&) {
    if (found.abi_major != 0) identity = found;
    throw;
  }
}

}  // namespace stoker::plugin_host
