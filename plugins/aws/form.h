// The parameters of a Query API, as the body that carries them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <stoker/cpp/percent.hpp>

namespace stoker::aws {

class Form {
 public:
  Form& add(std::string_view name, std::string_view value) {
    if (!body_.empty()) body_ += '&';
    body_ += percent_encoded(name) + "=" + percent_encoded(value);
    return *this;
  }
  Form& add(std::string_view name, const char* value) { return add(name, std::string_view(value)); }
  Form& add(std::string_view name, std::uint64_t value) { return add(name, std::to_string(value)); }
  // The next "Filter.N": the values are alternatives, separated by commas.
  Form& filter(std::string_view name, std::string_view values) {
    const std::string prefix = "Filter." + std::to_string(++filters_);
    add(prefix + ".Name", name);
    for (int i = 1; !values.empty(); ++i) {
      const std::size_t end = std::min(values.find(','), values.size());
      add(prefix + ".Value." + std::to_string(i), values.substr(0, end));
      values.remove_prefix(std::min(end + 1, values.size()));
    }
    return *this;
  }
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  std::string body_;
  int filters_ = 0;
};

}  // namespace stoker::aws
