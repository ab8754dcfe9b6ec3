#include "core/jobs/inputs.h"

#include <system_error>

#include "core/error.h"
#include "core/store/files.h"

namespace stoker::jobs {
namespace {

constexpr std::string_view kUpload = "file:";

}  // namespace

void check_inputs(const PipelineContext& ctx, const JobSpec& spec, const std::string& owner, bool admin) {
  for (size_t i = 0; i < spec.inputs.size(); ++i) {
    const std::string& from = spec.inputs[i].from;
    const std::string field = "inputs[" + std::to_string(i) + "].from";
    if (from.starts_with(kUpload)) {
      const std::string id = from.substr(kUpload.size());
      const auto file = ctx.db.read([&](store::Connection& c) { return store::Files(c).find(id); });
      if (!file || (!admin && file->owner != owner))
        throw Error(Fault::invalid, field + ": there is no file " + id, "POST /v1/files uploads one", field);
      continue;
    }
    std::error_code error;
    if (!std::filesystem::exists(from, error))
      throw Error(Fault::invalid, field + ": " + from + " does not exist", "check the path", field);
  }
}

std::filesystem::path path_of(const PipelineContext& ctx, const Input& input) {
  return input.from.starts_with(kUpload) ? ctx.state_dir / "files" / input.from.substr(kUpload.size())
                                         : std::filesystem::path(input.from);
}

}  // namespace stoker::jobs
