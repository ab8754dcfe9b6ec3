#include "core/cli/command.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"
#include "sdk/include/stoker/plugin.h"

namespace stoker::cli {
namespace {

int run(Invocation& call) {
  const std::string abi = std::to_string(STOKER_ABI_MAJOR) + "." + std::to_string(STOKER_ABI_NEWEST_MINOR);
  if (call.json) {
    JsonWriter out;
    out.begin_object().member("version", call.entry.version).member("abi", abi).member("build", call.entry.build);
    call.out << out.end_object().str() << "\n";
  } else {
    call.out << "stoker " << call.entry.version << "\nplugin ABI " << abi << "\nbuild " << call.entry.build << "\n";
  }
  return kDone;
}

}  // namespace

Command version_command() {
  return {"version", "Print the version, the plugin ABI and the build", {}, {}, run, "0  done\n  2  bad usage"};
}

}  // namespace stoker::cli
