// A small file of `key=value` lines that outlives the process which wrote it: what a provider without a cloud
// remembers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stoker::record {

using Record = std::map<std::string, std::string>;

// Throws Failure when a line is not of the form key=value. Values hold no line ends.
Record parse(std::string_view text, const std::string& source);

// Nothing when there is no such file; throws Failure when it can't be read.
std::optional<Record> read(const std::filesystem::path& file);

// The value of a key, empty or 0 where it is absent.
std::string value_of(const Record& record, const std::string& key);
std::int64_t number_of(const Record& record, const std::string& key);

// Whether a client token, which comes from outside, may name a file or folder: 1 to 64 of [A-Za-z0-9-].
bool is_token(std::string_view text);

// In place as a whole or not at all, 0600, on the disk when it returns.
void write(const std::filesystem::path& file, const Record& record);
void write_text(const std::filesystem::path& file, std::string_view text);

// The whole file, at most `limit` bytes of it; nothing when there is no such file.
std::optional<std::string> read_text(const std::filesystem::path& file, std::size_t limit);

}  // namespace stoker::record
