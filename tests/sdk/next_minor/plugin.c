/* A provider that tells what it was given of ABI 1.1, where it was built to know of it: in the status text. */
#include <string.h>

#include <stoker/provider.h>

#define TEXT(s) ((stoker_str){(s), sizeof(s) - 1})

#ifndef SAYS_MINOR
#define SAYS_MINOR STOKER_TARGET_MINOR
#endif

static stoker_provider object;

static stoker_status init(const stoker_host* host, stoker_call* call) {
  (void)call;
#if STOKER_TARGET_MINOR >= 1
  return host->test_only(host) == 11 ? STOKER_OK : STOKER_E_UNSUPPORTED;
#else
  (void)host;
  return STOKER_OK;
#endif
}
static void deinit(void) {}

static stoker_status create(stoker_provider* self, stoker_call* call, const stoker_create_request* request,
                            stoker_instance_sink sink, void* user) {
  (void)self;
  (void)call;
  stoker_create_request known;
  memset(&known, 0, sizeof known);
  memcpy(&known, request, request->struct_size < sizeof known ? request->struct_size : sizeof known);
  stoker_instance made;
  memset(&made, 0, sizeof made);
  made.struct_size = sizeof made;
  made.id = TEXT("i-1");
  made.client_token = known.client_token;
  made.deadline_ms = known.deadline_ms;
#if STOKER_TARGET_MINOR >= 1
  made.test_only = known.test_only;
#endif
  return sink(user, &made);
}

static size_t count(void) { return 1; }
static const stoker_descriptor kDescriptor = {
    .struct_size = sizeof(stoker_descriptor), .id = MODULE_ID, .name = "Minor"};
static const stoker_descriptor* describe(size_t index) { return index == 0 ? &kDescriptor : NULL; }
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
  object.struct_size = sizeof object;
  object.desc = &kDescriptor;
  object.create = create;
  *out = &object;
  return STOKER_OK;
}
static const stoker_provider_factory kFactory = {.struct_size = sizeof(stoker_provider_factory),
                                                 .count = count,
                                                 .describe = describe,
                                                 .config_schema = config_schema,
                                                 .make = make};
static const void* get_factory(const char* id) { return strcmp(id, STOKER_PROVIDER_FACTORY) == 0 ? &kFactory : NULL; }

static const stoker_plugin kPlugin = {.magic = STOKER_MAGIC,
                                      .struct_size = sizeof(stoker_plugin),
                                      .abi_major = STOKER_ABI_MAJOR,
                                      .abi_minor = SAYS_MINOR,
                                      .id = MODULE_ID,
                                      .version = "1.0.0",
                                      .sdk_version = STOKER_SDK_VERSION,
                                      .init = init,
                                      .deinit = deinit,
                                      .get_factory = get_factory};
const stoker_plugin* stoker_plugin_entry(void) { return &kPlugin; }
