// ~/.aws/credentials and ~/.aws/config: profiles as the AWS command line keeps them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::aws {

// Section -> key in lower case -> value. Comments, nested blocks and lines that are neither are left out.
using Sections = std::map<std::string, std::map<std::string, std::string>>;
[[nodiscard]] Sections parse_profiles(std::string_view text);

// One profile of both files, those of ~/.aws/credentials first; AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name
// others.
class Profiles {
 public:
  // Throws Failure for a file that is there and can not be read.
  static Profiles read();

  [[nodiscard]] bool has(const std::string& profile) const { return profiles_.contains(profile); }
  [[nodiscard]] std::string value(const std::string& profile, const std::string& key) const;
  // "default, lab"; "none" where there are none.
  [[nodiscard]] std::string names() const;
  [[nodiscard]] const std::string& files() const { return files_; }

 private:
  Sections profiles_;
  std::string files_;
};

}  // namespace stoker::aws
