// Credentials in a text of unknown origin, that no one has told the agent of.
#pragma once

#include <string>
#include <string_view>

namespace stoker::training_log {

// `text` with what looks like a credential replaced by "***": tokens that say by their first letters what they are
// (Hugging Face, OpenAI, GitHub, GitLab, AWS, Slack), the value behind NAME= where the name says that it is secret, and
// the password of an URL.
[[nodiscard]] std::string without_credentials(std::string_view text);

}  // namespace stoker::training_log
