/* A plugin that is right but for the one fault its build names. MODULE_ID and one FAULT_... come from CMakeLists.txt.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sdk/include/stoker/provider.h"

#ifdef FAULT_MARKS_LOADING
/* Shows that the library was opened at all. */
__attribute__((constructor)) static void mark(void) {
  const char* path = getenv("STOKER_TEST_MARK");
  if (path != NULL) close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}
#endif

static stoker_status init(const stoker_host* host, stoker_call* call) {
#ifdef FAULT_INIT_FAILS
  stoker_failure failure = {0};
  failure.struct_size = sizeof failure;
  failure.status = STOKER_E_UNSUPPORTED;
  failure.message = (stoker_str){"the flux capacitor is cold", 26};
  failure.hint = (stoker_str){"warm it up", 10};
  return host->fail(call, &failure);
#else
  (void)host;
  (void)call;
#ifdef FAULT_UNDEFINED_SYMBOL
  extern int no_library_has_this_function(void);
  return no_library_has_this_function();
#endif
  return STOKER_OK;
#endif
}

static void deinit(void) {}

#ifdef FAULT_LOCAL_SYSTEM
#define CAPABILITIES STOKER_CAP_LOCAL_SYSTEM
#else
#define CAPABILITIES 0
#endif
static const stoker_descriptor kDescriptor = {.struct_size = sizeof(stoker_descriptor),
                                              .capabilities = CAPABILITIES,
                                              .id = MODULE_ID,
                                              .name = "One fault",
                                              .summary = "for tests"};
static size_t count(void) { return 1; }
static const stoker_descriptor* describe(size_t index) {
  (void)index;
  return &kDescriptor;
}
static stoker_status config_schema(const char* id, const stoker_config_sink* sink) {
  (void)id;
  (void)sink;
  return STOKER_OK;
}
static stoker_status make(stoker_call* call, const char* id, const stoker_field* config, size_t n,
                          stoker_provider** out) {
  (void)call;
  (void)id;
  (void)config;
  (void)n;
  (void)out;
  return STOKER_E_UNSUPPORTED;
}
static const stoker_provider_factory kFactory = {.struct_size = sizeof(stoker_provider_factory),
                                                 .count = count,
                                                 .describe = describe,
                                                 .config_schema = config_schema,
                                                 .make = make};
static const void* get_factory(const char* id) {
#ifdef FAULT_OFFERS_NOTHING
  (void)id;
  (void)kFactory;
  return NULL;
#else
  const char* wanted = STOKER_PROVIDER_FACTORY;
  while (*id != '\0' && *id == *wanted) ++id, ++wanted;
  return *id == *wanted ? &kFactory : NULL;
#endif
}

#ifdef FAULT_MAGIC
#define MAGIC 0x12345678u
#else
#define MAGIC STOKER_MAGIC
#endif
#ifdef FAULT_MAJOR
#define MAJOR 2
#else
#define MAJOR STOKER_ABI_MAJOR
#endif
#ifdef FAULT_MINOR
#define MINOR 3
#else
#define MINOR 0
#endif
#ifdef FAULT_SHORT_TABLE
#define SIZE 32
#else
#define SIZE sizeof(stoker_plugin)
#endif
static const stoker_plugin kPlugin = {.magic = MAGIC,
                                      .struct_size = SIZE,
                                      .abi_major = MAJOR,
                                      .abi_minor = MINOR,
                                      .id = MODULE_ID,
                                      .version = "1.4.0",
                                      .sdk_version = STOKER_SDK_VERSION,
                                      .init = init,
                                      .deinit = deinit,
                                      .get_factory = get_factory};

#ifdef FAULT_NO_ENTRY
STOKER_EXPORT const stoker_plugin* some_other_entry(void);
const stoker_plugin* some_other_entry(void) { return &kPlugin; }
#else
const stoker_plugin* stoker_plugin_entry(void) { return &kPlugin; }
#endif
