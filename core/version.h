#pragma once

namespace stoker {

constexpr char kVersion[] = "0.1.0";

}  // namespace stoker
