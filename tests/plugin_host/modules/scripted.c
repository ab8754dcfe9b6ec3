/* A provider that does in each call what its configuration says: "ok", "fail:6", "bare:99", "flood", ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sdk/include/stoker/provider.h"

#define TEXT(s) ((stoker_str){(s), sizeof(s) - 1})
static const char* const kCalls[] = {"make", "validate", "list_offers", "create", "find", "get", "remove"};
enum { MAKE, VALIDATE, LIST_OFFERS, CREATE, FIND, GET, REMOVE, N_CALLS };

/* A service that only the tests' host has. */
typedef struct test_service {
  stoker_status (*use)(stoker_call*);
} test_service;

typedef struct object {
  stoker_provider table;
  char script[N_CALLS][64];
  int inside;
} object;

void throw_from_c(const char* what); /* of throws.cc in the variant that throws */

static const stoker_host* the_host;
static stoker_status init(const stoker_host* host, stoker_call* call) {
  (void)call;
  the_host = host;
  return STOKER_OK;
}
static void deinit(void) { the_host = NULL; }

static stoker_status fail(stoker_call* call, stoker_status status) {
  const stoker_failure failure = {
      sizeof failure, status, TEXT("the cloud\nsaid no to secret-token"), TEXT("ask it nicely"), TEXT("token"),
      TEXT("E42"),    1500};
  return the_host->fail(call, &failure);
}

/* Memory that ends at an unreadable page. */
static void* edge(size_t size) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t pages = (size + page - 1) / page;
  char* at = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(at + pages * page, page, PROT_NONE);
  return at + pages * page - size;
}

/* What can be done in any call; 1: not one of these. */
static stoker_status common(object* self, stoker_call* call, int which) {
  const char* script = self->script[which];
  if (strncmp(script, "fail:", 5) == 0) return fail(call, atoi(script + 5));
  if (strncmp(script, "bare:", 5) == 0) return atoi(script + 5);
  if (strcmp(script, "sleep") == 0) return the_host->sleep_ms(call, 600000);
  if (strcmp(script, "deaf") == 0) the_host->log(the_host, call, STOKER_LOG_INFO, TEXT("working on"), NULL, 0);
#ifdef THROWS
  if (strcmp(script, "throw") == 0) throw_from_c("std");
  if (strcmp(script, "throw_int") == 0) throw_from_c("int");
#endif
  if (strcmp(script, "service") == 0) {
    if (the_host->get_service(the_host, "test.nothing/1") != NULL) return STOKER_E_CONFLICT;
    const test_service* service = the_host->get_service(the_host, "test.service/1");
    return service == NULL ? STOKER_E_UNSUPPORTED : service->use(call);
  }
  if (strcmp(script, "serial") == 0) {
    if (++self->inside != 1) return STOKER_E_CONFLICT;
    usleep(1000);
    if (--self->inside != 0) return STOKER_E_CONFLICT;
  }
  return STOKER_OK;
}

static const stoker_price kPrice = {.struct_size = sizeof(stoker_price),
                                    .flags = STOKER_PRICE_SPOT,
                                    .per_hour = {2500000, "USD", 0},
                                    .granularity_s = 60,
                                    .minimum_s = 600};

static stoker_offer an_offer(void) {
  return (stoker_offer){.struct_size = sizeof(stoker_offer),
                        .availability = STOKER_AVAIL_HIGH,
                        .id = TEXT("o-1"),
                        .region = TEXT("north"),
                        .zone = TEXT("north-a"),
                        .machine = TEXT("big"),
                        .gpu_model = TEXT("H100"),
                        .cpu_arch = TEXT("x86_64"),
                        .gpu_count = 8,
                        .vcpus = 96,
                        .gpu_mem_bytes = 80,
                        .mem_bytes = 1000,
                        .disk_bytes = 5000,
                        .price = &kPrice,
                        .opaque = TEXT("1 raw")};
}

static stoker_instance an_instance(void) {
  return (stoker_instance){.struct_size = sizeof(stoker_instance),
                           .state = STOKER_INSTANCE_RUNNING,
                           .id = TEXT("i-1"),
                           .client_token = TEXT("token-1"),
                           .ssh_host = TEXT("192.0.2.1"),
                           .ssh_user = TEXT("root"),
                           .ssh_port = 2222,
                           .created_ms = 12,
                           .price = &kPrice,
                           .opaque = TEXT("1 raw"),
                           .host_public_key = TEXT("ssh-ed25519 AAAA"),
                           .deadline_ms = 34};
}

static stoker_status validate(stoker_provider* p, stoker_call* call, void (*sink)(void*, const stoker_account*),
                              void* user) {
  object* self = p->self;
  const stoker_status status = common(self, call, VALIDATE);
  const stoker_account account = {sizeof account, 0, TEXT("a-1"), TEXT("Ann"), {-5, "EUR", 0}};
  if (status == STOKER_OK && strcmp(self->script[VALIDATE], "silent") != 0) sink(user, &account);
  return status;
}

static stoker_status list_offers(stoker_provider* p, stoker_call* call, const stoker_offer_query* query,
                                 stoker_offer_sink sink, void* user) {
  object* self = p->self;
  const char* script = self->script[LIST_OFFERS];
  const stoker_status status = common(self, call, LIST_OFFERS);
  if (status != STOKER_OK) return status;
  stoker_offer offer = an_offer();
  stoker_price price = kPrice;
  offer.price = &price;
  if (query->region.size != 0) offer.region = query->region;
  static char long_text[70000];
  if (strcmp(script, "long") == 0)
    offer.machine = (stoker_str){memset(long_text, 'x', sizeof long_text), sizeof long_text};
  if (strcmp(script, "opaque") == 0) offer.opaque = (stoker_str){memset(long_text, 'x', 5000), 5000};
  if (strcmp(script, "null_text") == 0) offer.machine = (stoker_str){NULL, 3};
  if (strcmp(script, "bad_utf8") == 0)
    offer.machine = TEXT(
        "a\xff"
        "b");
  if (strcmp(script, "negative") == 0) price.per_hour.micros = -1;
  if (strcmp(script, "currency") == 0) memcpy(price.per_hour.currency, "$$$$", 4);
  if (strcmp(script, "no_id") == 0) offer.id.size = 0;
  if (strcmp(script, "no_size") == 0) offer.struct_size = 0;
  if (strcmp(script, "null") == 0) return sink(user, NULL);
  if (strcmp(script, "small") == 0) {
    const size_t size = offsetof(stoker_offer, machine);
    offer.struct_size = (uint32_t)size;
    return sink(user, memcpy(edge(size), &offer, size));
  }
  if (strcmp(script, "large") == 0) {
    char* at = memset(edge(sizeof offer + 64), 0xff, sizeof offer + 64);
    offer.struct_size = sizeof offer + 64;
    return sink(user, memcpy(at, &offer, sizeof offer));
  }
  if (strcmp(script, "flood") == 0) {
    for (int i = 0; i < 200000; ++i) sink(user, &offer); /* deaf to the sink's refusal on purpose */
    return STOKER_OK;
  }
  return sink(user, &offer);
}

static stoker_status emit(object* self, stoker_call* call, int which, stoker_instance_sink sink, void* user) {
  const char* script = self->script[which];
  const stoker_status status = common(self, call, which);
  if (status != STOKER_OK || strcmp(script, "silent") == 0) return status;
  stoker_instance instance = an_instance();
  if (strcmp(script, "other") == 0) instance.id = TEXT("i-2");
  if (strcmp(script, "state") == 0) instance.state = 77;
  if (strcmp(script, "port") == 0) instance.ssh_port = 70000;
  if (strcmp(script, "twice") == 0) sink(user, &instance);
  const stoker_status answer = sink(user, &instance);
  return strcmp(script, "contradict") == 0 ? STOKER_E_NO_CAPACITY : answer;
}

static stoker_status create(stoker_provider* p, stoker_call* call, const stoker_create_request* request,
                            stoker_instance_sink sink, void* user) {
  object* self = p->self;
  if (strcmp(self->script[CREATE], "echo") == 0) {
    char text[512];
    stoker_instance instance = an_instance();
    const int n =
        snprintf(text, sizeof text, "%.*s|%.*s|%.*s=%.*s|%lld|%lld|%s|%u", (int)request->client_token.size,
                 request->client_token.data, (int)request->owner.size, request->owner.data,
                 (int)request->tags[0].key.size, request->tags[0].key.data, (int)request->tags[0].value.as.s.size,
                 request->tags[0].value.as.s.data, (long long)request->deadline_ms,
                 (long long)request->max_per_hour.micros, request->max_per_hour.currency, request->flags);
    instance.status_text = (stoker_str){text, (size_t)n};
    return sink(user, &instance);
  }
  return emit(self, call, CREATE, sink, user);
}
static stoker_status find(stoker_provider* p, stoker_call* call, const stoker_find_query* query,
                          stoker_instance_sink sink, void* user) {
  (void)query;
  return emit(p->self, call, FIND, sink, user);
}
static stoker_status get(stoker_provider* p, stoker_call* call, const stoker_instance_ref* ref,
                         stoker_instance_sink sink, void* user) {
  (void)ref;
  return emit(p->self, call, GET, sink, user);
}
static stoker_status remove_one(stoker_provider* p, stoker_call* call, const stoker_instance_ref* ref) {
  (void)ref;
  return common(p->self, call, REMOVE);
}
static void destroy(stoker_provider* p) { free(p->self); }
static const void* get_extension(stoker_provider* p, const char* id) {
  (void)p;
  (void)id;
  return NULL;
}

#ifdef THROWS
#define ID "throwing"
#else
#define ID "scripted"
#endif
static const char* const kHosts[] = {"api.scripted.test", "*.storage.test", NULL};
static const stoker_descriptor kDescriptor = {.struct_size = sizeof(stoker_descriptor),
                                              .power_off = STOKER_POWER_OFF_STOPS_BILLING,
                                              .capabilities = STOKER_CAP_SPOT | STOKER_CAP_USER_DATA,
                                              .id = ID,
                                              .name = "Scripted",
                                              .summary = "does as told",
                                              .settle_ms = 1234,
                                              .allowed_hosts = kHosts,
                                              .min_create_interval_ms = 55};
static size_t count(void) { return 1; }
static const stoker_descriptor* describe(size_t index) { return index == 0 ? &kDescriptor : NULL; }

static stoker_status config_schema(const char* id, const stoker_config_sink* sink) {
  (void)id;
  for (int i = 0; i < N_CALLS; ++i) {
    stoker_config_field field = {.struct_size = sizeof field, .kind = STOKER_FIELD_TEXT, .order = 10 - i};
    field.key = (stoker_str){kCalls[i], strlen(kCalls[i])};
    field.default_value = TEXT("ok");
    sink->field(sink->user, &field);
  }
  const stoker_config_field token = {.struct_size = sizeof token,
                                     .kind = STOKER_FIELD_SECRET,
                                     .flags = STOKER_FIELD_REQUIRED | STOKER_FIELD_CREDENTIAL,
                                     .key = TEXT("token")};
  const stoker_config_field region = {.struct_size = sizeof region,
                                      .kind = STOKER_FIELD_CHOICE,
                                      .flags = STOKER_FIELD_REQUIRED,
                                      .key = TEXT("region"),
                                      .label = TEXT("Region"),
                                      .example = TEXT("north")};
  const stoker_config_field size = {.struct_size = sizeof size, .kind = STOKER_FIELD_INT, .key = TEXT("disk_gb")};
  const stoker_config_field flag = {.struct_size = sizeof flag, .kind = STOKER_FIELD_BOOL, .key = TEXT("ipv6")};
  sink->field(sink->user, &token);
  sink->field(sink->user, &region);
  sink->field(sink->user, &size);
  sink->field(sink->user, &flag);
  sink->choice(sink->user, TEXT("region"), TEXT("north"), TEXT("The north"));
  sink->choice(sink->user, TEXT("region"), TEXT("south"), TEXT("The south"));
  return STOKER_OK;
}

static stoker_status make(stoker_call* call, const char* id, const stoker_field* config, size_t n,
                          stoker_provider** out) {
  object* self = calloc(1, sizeof *self);
  for (size_t i = 0; i < n; ++i)
    for (int which = 0; which < N_CALLS; ++which)
      if (config[i].key.size == strlen(kCalls[which]) &&
          memcmp(config[i].key.data, kCalls[which], config[i].key.size) == 0)
        snprintf(self->script[which], sizeof self->script[which], "%.*s", (int)config[i].value.as.s.size,
                 config[i].value.as.s.data);
  self->table = (stoker_provider){sizeof(stoker_provider),
                                  0,
                                  self,
                                  &kDescriptor,
                                  destroy,
                                  get_extension,
                                  validate,
                                  list_offers,
                                  create,
                                  find,
                                  get,
                                  remove_one};
  (void)id;
  const stoker_status status = common(self, call, MAKE);
  if (status != STOKER_OK) {
    free(self);
    return status;
  }
  *out = &self->table;
  return STOKER_OK;
}

static const stoker_provider_factory kFactory = {
    sizeof(stoker_provider_factory), 0, count, describe, config_schema, make};
static const void* get_factory(const char* id) { return strcmp(id, STOKER_PROVIDER_FACTORY) == 0 ? &kFactory : NULL; }
static const stoker_plugin kPlugin = {
    STOKER_MAGIC, sizeof(stoker_plugin), STOKER_ABI_MAJOR, 0, 0, ID, "1.0.0", STOKER_SDK_VERSION, init, deinit,
    get_factory};
const stoker_plugin* stoker_plugin_entry(void) { return &kPlugin; }
