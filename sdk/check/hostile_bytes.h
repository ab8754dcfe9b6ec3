// Logs that nobody wrote in order to be read well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stoker::check {

struct NamedLog {
  std::string name;  // for sentences: "the log of NUL bytes"
  std::string bytes;
};

// Lines as trainings print them, in several formats: records, progress bars, a traceback, line ends of all kinds.
std::string_view usual_lines();
// Each small enough to be read a byte at a time.
std::vector<NamedLog> hostile_logs();
// `bytes` with an ill-formed piece put at the start, in the middle and at the end of each line.
std::string with_in_each_line(std::string_view bytes, std::string_view piece);
// Ill-formed UTF-8: bytes alone, cut sequences, overlong ones, surrogates, what lies beyond U+10FFFF.
const std::vector<std::string>& ill_formed_utf8();
// Colours, cursor moves, titles and links of a terminal, and such as are cut off.
const std::vector<std::string>& escape_codes();
// `bytes` with `changes` of them changed: pieces overwritten, cut out, doubled, put elsewhere, ill-formed ones put in.
// The same for the same `seed`.
std::string mutated(std::string bytes, uint64_t seed, int changes);
// The same `size` pseudo-random bytes for each `seed`.
std::string random_bytes(uint64_t seed, size_t size);

}  // namespace stoker::check
