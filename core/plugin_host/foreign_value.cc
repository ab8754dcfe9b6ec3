#include "core/plugin_host/foreign_value.h"

#include "core/utf8.h"

namespace stoker::plugin_host {

std::string copy_bytes(stoker_str foreign, size_t max_bytes, const char* name) {
  if (foreign.size > max_bytes)
    throw Breach(std::string(name) + " has " + std::to_string(foreign.size) + " bytes, over the limit of " +
                 std::to_string(max_bytes));
  if (foreign.size == 0) return {};
  if (foreign.data == nullptr) throw Breach(std::string(name) + " has a size but no data");
  return {foreign.data, foreign.size};
}

std::string copy_text(stoker_str foreign, const char* name, size_t max_bytes) {
  return to_utf8(copy_bytes(foreign, max_bytes, name));
}

std::string copy_c_text(const char* foreign, const char* name) {
  if (foreign == nullptr) return {};
  return copy_text({foreign, ::strnlen(foreign, kMaxText + 1)}, name);
}

FieldValue copy_value(const stoker_value& foreign, const char* name) {
  switch (foreign.type) {
    case STOKER_INT:
      return foreign.as.i;
    case STOKER_REAL:
      return foreign.as.r;
    case STOKER_BOOL:
      return foreign.as.i != 0;
    case STOKER_TEXT:
      return copy_text(foreign.as.s, name);
    default:
      throw Breach(std::string(name) + " has a value of unknown type " + std::to_string(foreign.type));
  }
}

}  // namespace stoker::plugin_host
