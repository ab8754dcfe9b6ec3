// Which hosts a plugin may talk to.
#pragma once

#include <string_view>

namespace stoker::plugin_host {

// Whether `host` is one that `glob` names. A '*' stands for one or more characters, dots included: "*.acme.example"
// names a.acme.example and a.b.acme.example, and not acme.example. Upper and lower case are the same.
[[nodiscard]] bool matches_host(std::string_view glob, std::string_view host);

}  // namespace stoker::plugin_host
