#include "core/remote/shell_words.h"

#include "core/error.h"

namespace stoker::remote {

std::string shell_quote(std::string_view word) {
  std::string quoted = "'";
  for (const char byte : word) {
    if (byte == '\0') throw Error(Fault::invalid, "a word for the remote shell holds a NUL");
    if (byte == '\'')
      quoted += "'\\''";
    else
      quoted += byte;
  }
  return quoted + "'";
}

}  // namespace stoker::remote
