// A training template as the API shows it.
#pragma once

#include "core/templates/manifest.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {

void write_template(JsonWriter& json, const templates::Template& one);

}  // namespace stoker::api
