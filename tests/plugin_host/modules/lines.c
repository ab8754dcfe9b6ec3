/* A log parser: one METRIC event a byte range that ends in LF. Lines beginning with '!' make it misbehave. */
#include <stdlib.h>
#include <string.h>

#include "sdk/include/stoker/log_parser.h"

#define TEXT(s) ((stoker_str){(s), sizeof(s) - 1})

typedef struct stream {
  stoker_log_stream table;
  uint64_t offset;
} stream;

static const stoker_host* the_host;
static stoker_status init(const stoker_host* host, stoker_call* call) {
  (void)call;
  the_host = host;
  return STOKER_OK;
}
static void deinit(void) {}

static stoker_status emit(stream* self, const char* line, size_t size, stoker_log_sink sink, void* user) {
  stoker_field fields[] = {{TEXT("length"), {STOKER_INT, 0, {.i = (int64_t)size}}},
                           {TEXT("half"), {STOKER_REAL, 0, {.r = (double)size / 2}}},
                           {TEXT("text"), {STOKER_TEXT, 0, {.s = {line, size}}}},
                           {TEXT("empty"), {STOKER_BOOL, 0, {.i = size == 0}}}};
  stoker_log_event event = {.struct_size = sizeof event,
                            .kind = STOKER_EVENT_METRIC,
                            .first_byte = self->offset,
                            .last_byte = self->offset + size,
                            .name = TEXT("line"),
                            .fields = fields,
                            .n_fields = 4};
  self->offset += size + 1;
  if (size >= 5 && memcmp(line, "!type", 5) == 0) fields[0].value.type = 9;
  if (size >= 5 && memcmp(line, "!many", 5) == 0) event.n_fields = 1000000;
  if (size >= 5 && memcmp(line, "!null", 5) == 0) event.fields = NULL;
  if (size >= 5 && memcmp(line, "!lost", 5) == 0) return STOKER_E_UNAVAILABLE;
  if (size >= 6 && memcmp(line, "!flood", 6) == 0)
    for (int i = 0; i < 200000; ++i)
      if (sink(user, &event) != STOKER_OK) return STOKER_E_CANCELLED;
  return sink(user, &event);
}

static stoker_status push(stoker_log_stream* s, stoker_bytes bytes, stoker_log_sink sink, void* user) {
  const char* at = bytes.data;
  const char* end = at + bytes.size;
  while (at != end) {
    const char* newline = memchr(at, '\n', (size_t)(end - at));
    if (newline == NULL) break;
    const stoker_status status = emit(s->self, at, (size_t)(newline - at), sink, user);
    if (status != STOKER_OK) return status;
    at = newline + 1;
  }
  return STOKER_OK;
}
static stoker_status finish(stoker_log_stream* s, int32_t why, stoker_log_sink sink, void* user) {
  const stoker_log_event event = {.struct_size = sizeof event,
                                  .kind = STOKER_EVENT_PHASE,
                                  .first_byte = ((stream*)s->self)->offset,
                                  .last_byte = ((stream*)s->self)->offset,
                                  .name = why == STOKER_FINISH_EOF ? TEXT("done") : TEXT("failed")};
  return sink(user, &event);
}
static void destroy(stoker_log_stream* s) { free(s->self); }

static const stoker_descriptor kDescriptor = {
    .struct_size = sizeof(stoker_descriptor), .id = "lines", .name = "Lines", .summary = "an event a line"};
static size_t count(void) { return 1; }
static const stoker_descriptor* describe(size_t index) { return index == 0 ? &kDescriptor : NULL; }
static stoker_status config_schema(const char* id, const stoker_config_sink* sink) {
  (void)id;
  (void)sink;
  return STOKER_OK;
}
static int32_t detect(const char* id, stoker_bytes head) {
  (void)id;
  return head.size > 3 ? 1000 : 40;
}
static stoker_status open_stream(stoker_call* call, const char* id, const stoker_stream_info* info,
                                 const stoker_field* config, size_t n, stoker_log_stream** out) {
  (void)id;
  (void)config;
  (void)n;
  if (info->source.size == 3 && memcmp(info->source.data, "bad", 3) == 0) {
    const stoker_failure failure = {.struct_size = sizeof failure,
                                    .status = STOKER_E_INVALID,
                                    .message = TEXT("bad source"),
                                    .hint = TEXT("use another")};
    return the_host->fail(call, &failure);
  }
  stream* self = calloc(1, sizeof *self);
  self->table = (stoker_log_stream){sizeof(stoker_log_stream), 0, self, push, finish, destroy};
  self->offset = info->start_offset;
  *out = &self->table;
  return STOKER_OK;
}

static const stoker_log_parser_factory kFactory = {
    sizeof(stoker_log_parser_factory), 0, count, describe, config_schema, detect, open_stream};
static const void* get_factory(const char* id) { return strcmp(id, STOKER_LOG_PARSER_FACTORY) == 0 ? &kFactory : NULL; }
static const stoker_plugin kPlugin = {
    STOKER_MAGIC, sizeof(stoker_plugin), STOKER_ABI_MAJOR, 0, 0, "lines", "1.0.0", STOKER_SDK_VERSION, init, deinit,
    get_factory};
const stoker_plugin* stoker_plugin_entry(void) { return &kPlugin; }
