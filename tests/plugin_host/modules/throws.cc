// What scripted.c throws in its variant "throwing".
#include <cstring>
#include <stdexcept>

extern "C" void throw_from_c(const char* what) {
  if (std::strcmp(what, "int") == 0) throw 42;
  throw std::runtime_error("boom");
}
