/* The cloud of examples/provider in plain C: what the C++ layer does for a plugin is written out here.
 *
 * Rules that it shows: structs of the host are read by their struct_size, nothing that was lent is kept, a status says
 * what the agent is to do next, a lost answer to a create is STOKER_E_UNKNOWN_OUTCOME, and a list is whole or an error.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <stoker/http.h>
#include <stoker/provider.h>

#define TEXT(s) ((stoker_str){(s), sizeof(s) - 1})
#define READ(known, from) read_struct(&(known), sizeof(known), (from), (from)->struct_size)
#define GIBI ((uint64_t)1 << 30)

/* What a request does at the cloud, and so what a lost answer means. */
enum effect { REPEATABLE, ONCE };

static const stoker_host* host;
static const stoker_http* http;

static void read_struct(void* known, size_t size, const void* from, size_t given) {
  memset(known, 0, size);
  memcpy(known, from, given < size ? given : size);
}

static stoker_str str(const char* text) { return (stoker_str){text, text == NULL ? 0 : strlen(text)}; }

static char* copy(stoker_str text) {
  char* made = calloc(1, text.size + 1);
  if (made != NULL && text.size > 0) memcpy(made, text.data, text.size);
  return made;
}

static int begins(stoker_str text, stoker_str with) {
  return text.size >= with.size && memcmp(text.data, with.data, with.size) == 0;
}

static const char* text_in(const cJSON* object, const char* key) {
  const char* text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return text == NULL ? "" : text;
}

static int64_t number_in(const cJSON* object, const char* key) {
  const cJSON* item = cJSON_GetObjectItemCaseSensitive(object, key);
  const double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
  return value > 0 && value < 1e15 ? (int64_t)value : 0;
}

static stoker_status failed(stoker_call* call, stoker_status status, const char* doing, const char* why,
                            int64_t retry_after_ms) {
  char message[200];
  snprintf(message, sizeof message, "acme: %s: %s", doing, why);
  stoker_failure failure = {.struct_size = sizeof failure, .status = status, .message = str(message)};
  failure.retry_after_ms = retry_after_ms;
  if (status == STOKER_E_AUTH) {
    failure.config_key = TEXT("token");
    failure.hint = TEXT("make a new token");
  }
  return host->fail(call, &failure);
}

struct reply {
  int32_t status;
  int64_t retry_after_ms;
  cJSON* body; /* NULL: none, or none that can be read */
};

static void take_reply(void* user, const stoker_http_response* lent) {
  struct reply* reply = user;
  stoker_http_response response;
  READ(response, lent);
  reply->status = response.status;
  reply->body = cJSON_ParseWithLength(response.body.data, response.body.size);
  for (size_t i = 0; i < response.n_headers; ++i) {
    const stoker_header* header = &response.headers[i];
    if (header->name.size != 11 || strncasecmp(header->name.data, "retry-after", 11) != 0) continue;
    char* seconds = copy(header->value);
    if (seconds != NULL && strtoll(seconds, NULL, 10) > 0) reply->retry_after_ms = strtoll(seconds, NULL, 10) * 1000;
    free(seconds);
  }
}

static stoker_status meaning(const struct reply* reply, enum effect effect) {
  const char* code = text_in(cJSON_GetObjectItemCaseSensitive(reply->body, "error"), "code");
  if (strcmp(code, "sold_out") == 0) return STOKER_E_NO_CAPACITY;
  if (reply->status == 401) return STOKER_E_AUTH;
  if (reply->status == 403) return STOKER_E_FORBIDDEN;
  if (reply->status == 404) return effect == ONCE ? STOKER_E_INVALID : STOKER_E_NOT_FOUND;
  if (reply->status == 429) return STOKER_E_RATE_LIMITED;
  if (reply->status >= 400 && reply->status < 500 && reply->status != 408) return STOKER_E_INVALID;
  return effect == ONCE ? STOKER_E_UNKNOWN_OUTCOME : STOKER_E_UNAVAILABLE;
}

/* One request; `*body` is the answer, to be deleted, or NULL where it has none. Takes `json` over. */
static stoker_status ask(stoker_call* call, const char* doing, const char* method, const char* path, cJSON* json,
                         enum effect effect, cJSON** body) {
  char url[400], why[40];
  char* sent = json == NULL ? NULL : cJSON_PrintUnformatted(json);
  cJSON_Delete(json);
  *body = NULL;
  if ((json != NULL && sent == NULL) ||
      snprintf(url, sizeof url, "https://api.acme.example/v1%s", path) >= (int)sizeof url) {
    cJSON_free(sent);
    return failed(call, STOKER_E_INTERNAL, doing, "the request is too large", -1);
  }
  const stoker_header headers[] = {{TEXT("Accept"), TEXT("application/json")},
                                   {TEXT("Content-Type"), TEXT("application/json")}};
  const stoker_secret_header secret = {TEXT("Authorization"), TEXT("Bearer "), TEXT("token")};
  const stoker_http_request request = {.struct_size = sizeof request,
                                       .retry = effect == ONCE ? STOKER_RETRY_NEVER : STOKER_RETRY_ALWAYS,
                                       .method = str(method),
                                       .url = str(url),
                                       .headers = headers,
                                       .n_headers = sent == NULL ? 1 : 2,
                                       .secrets = &secret,
                                       .n_secrets = 1,
                                       .body = {sent, sent == NULL ? 0 : strlen(sent)}};
  struct reply reply = {.retry_after_ms = -1};
  const stoker_status status = http->send(call, &request, take_reply, &reply);
  cJSON_free(sent);
  if (status != STOKER_OK) return status; /* explained already */
  if (reply.status >= 200 && reply.status < 300) {
    *body = reply.body;
    return STOKER_OK;
  }
  const stoker_status means = meaning(&reply, effect);
  snprintf(why, sizeof why, "it answered with HTTP %d", (int)reply.status);
  cJSON_Delete(reply.body);
  return failed(call, means, doing, why, means == STOKER_E_RATE_LIMITED ? reply.retry_after_ms : -1);
}

/* Each item of all pages of a list. */
typedef stoker_status (*visitor)(void* user, const cJSON* item);

static stoker_status each(stoker_call* call, const char* doing, const char* path, visitor visit, void* user) {
  stoker_status status = STOKER_OK;
  for (int64_t page = 1; page != 0 && status == STOKER_OK;) {
    char paged[100];
    cJSON* body = NULL;
    snprintf(paged, sizeof paged, "%s?page=%lld", path, (long long)page);
    status = ask(call, doing, "GET", paged, NULL, REPEATABLE, &body);
    if (status != STOKER_OK) return status;
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(body, "items"), *item = NULL;
    if (!cJSON_IsArray(items)) status = failed(call, STOKER_E_UNAVAILABLE, doing, "it gave no list", -1);
    cJSON_ArrayForEach(item, items) {
      if (status == STOKER_OK && text_in(item, "id")[0] == '\0')
        status = failed(call, STOKER_E_UNAVAILABLE, doing, "it gave one without an id", -1);
      if (status == STOKER_OK) status = visit(user, item);
    }
    page = number_in(body, "next_page");
    cJSON_Delete(body);
  }
  return status;
}

static stoker_price price_of(const cJSON* from) {
  stoker_price price = {.struct_size = sizeof price, .granularity_s = 60};
  price.per_hour.micros = number_in(from, "cents_per_hour") * 10000;
  memcpy(price.per_hour.currency, "USD", 4);
  return price;
}

static stoker_status emit_machine(const cJSON* machine, stoker_instance_sink sink, void* user) {
  const stoker_price price = price_of(machine);
  const char* state = text_in(machine, "state");
  stoker_instance made = {.struct_size = sizeof made, .ssh_port = 22, .price = &price};
  made.id = str(text_in(machine, "id"));
  made.client_token = made.name = str(text_in(machine, "name"));
  made.region = str(text_in(machine, "region"));
  made.status_text = str(state);
  made.state = strcmp(state, "starting") == 0   ? STOKER_INSTANCE_PENDING
               : strcmp(state, "running") == 0  ? STOKER_INSTANCE_RUNNING
               : strcmp(state, "deleting") == 0 ? STOKER_INSTANCE_DELETING
                                                : STOKER_INSTANCE_UNKNOWN;
  made.ssh_host = str(text_in(machine, "ip"));
  made.ssh_user = TEXT("root");
  return sink(user, &made);
}

static stoker_status validate(stoker_provider* self, stoker_call* call, void (*sink)(void*, const stoker_account*),
                              void* user) {
  (void)self;
  cJSON* body = NULL;
  const stoker_status status = ask(call, "asking for the account", "GET", "/account", NULL, REPEATABLE, &body);
  if (status != STOKER_OK) return status;
  stoker_account account = {.struct_size = sizeof account};
  account.id = str(text_in(body, "id"));
  account.name = str(text_in(body, "name"));
  sink(user, &account);
  cJSON_Delete(body);
  return STOKER_OK;
}

struct offers {
  stoker_offer_query query;
  stoker_offer_sink sink;
  void* user;
};

static stoker_status emit_offer(const struct offers* offers, const cJSON* type, const char* region) {
  const stoker_price price = price_of(type);
  char id[200];
  stoker_offer offer = {.struct_size = sizeof offer, .cpu_arch = TEXT("x86_64"), .price = &price};
  const stoker_str wanted = offers->query.region;
  if (wanted.size > 0 && (wanted.size != strlen(region) || memcmp(wanted.data, region, wanted.size) != 0))
    return STOKER_OK;
  snprintf(id, sizeof id, region[0] == '\0' ? "%s" : "%s@%s", text_in(type, "id"), region);
  offer.id = str(id);
  offer.availability = region[0] == '\0' ? STOKER_AVAIL_NONE : STOKER_AVAIL_UNKNOWN;
  offer.region = str(region);
  offer.machine = str(text_in(type, "id"));
  offer.gpu_model = str(text_in(type, "gpu"));
  offer.gpu_count = (uint32_t)number_in(type, "gpus");
  offer.gpu_mem_bytes = (uint64_t)number_in(type, "gpu_memory_gb") * GIBI;
  offer.vcpus = (uint32_t)number_in(type, "vcpus");
  offer.mem_bytes = (uint64_t)number_in(type, "memory_gb") * GIBI;
  offer.disk_bytes = (uint64_t)number_in(type, "disk_gb") * GIBI;
  return offers->sink(offers->user, &offer);
}

static stoker_status visit_type(void* user, const cJSON* type) {
  const cJSON *regions = cJSON_GetObjectItemCaseSensitive(type, "regions"), *region = NULL;
  if (cJSON_GetArraySize(regions) == 0) return emit_offer(user, type, "");
  stoker_status status = STOKER_OK;
  cJSON_ArrayForEach(region, regions) {
    if (status == STOKER_OK && cJSON_IsString(region)) status = emit_offer(user, type, region->valuestring);
  }
  return status;
}

/* What else the query does not want, the agent leaves out. */
static stoker_status list_offers(stoker_provider* self, stoker_call* call, const stoker_offer_query* query,
                                 stoker_offer_sink sink, void* user) {
  (void)self;
  struct offers offers = {.sink = sink, .user = user};
  READ(offers.query, query);
  return each(call, "listing machine types", "/types", visit_type, &offers);
}

struct price_check {
  const char* type;
  int64_t most;
  int dearer;
};

static stoker_status visit_price(void* user, const cJSON* type) {
  struct price_check* check = user;
  if (strcmp(text_in(type, "id"), check->type) == 0 && price_of(type).per_hour.micros > check->most) check->dearer = 1;
  return STOKER_OK;
}

/* Prices change between the offer and the machine. Nothing is made before this: no outcome is unknown. */
static stoker_status require_price(stoker_call* call, const char* type, int64_t most) {
  struct price_check check = {type, most, 0};
  const char* doing = "looking at the price";
  const stoker_status status = each(call, doing, "/types", visit_price, &check);
  if (status == STOKER_E_NOT_FOUND || status == STOKER_E_UNKNOWN_OUTCOME || status == STOKER_E_DEADLINE)
    return STOKER_E_UNAVAILABLE;
  if (status != STOKER_OK || !check.dearer) return status;
  return failed(call, STOKER_E_NO_CAPACITY, doing, "it costs more than was quoted", -1);
}

static void add_text(cJSON* object, const char* key, stoker_str value) {
  char* text = copy(value);
  cJSON_AddStringToObject(object, key, text == NULL ? "" : text);
  free(text);
}

/* The machine is named after the client token, so that find() knows it again when this answer is lost. */
static stoker_status create(stoker_provider* self, stoker_call* call, const stoker_create_request* lent,
                            stoker_instance_sink sink, void* user) {
  (void)self;
  stoker_create_request request;
  READ(request, lent);
  char* type = copy(request.offer_id);
  if (type == NULL) return failed(call, STOKER_E_UNAVAILABLE, "creating a machine", "there is no memory", -1);
  type[strcspn(type, "@")] = '\0';
  stoker_status status = STOKER_OK;
  if (request.max_per_hour.micros > 0) status = require_price(call, type, request.max_per_hour.micros);
  if (status == STOKER_OK) {
    cJSON *json = cJSON_CreateObject(), *made = NULL;
    add_text(json, "name", request.client_token);
    cJSON_AddStringToObject(json, "type", type);
    add_text(json, "region", request.region);
    add_text(json, "ssh_key", request.ssh_public_key);
    add_text(json, "user_data", request.user_data);
    status = ask(call, "creating a machine", "POST", "/machines", json, ONCE, &made);
    if (status == STOKER_OK && text_in(made, "id")[0] == '\0')
      status = failed(call, STOKER_E_UNKNOWN_OUTCOME, "creating a machine", "it gave no id", -1);
    else if (status == STOKER_OK)
      status = emit_machine(made, sink, user);
    cJSON_Delete(made);
  }
  free(type);
  return status;
}

struct search {
  char prefix[16]; /* of all tokens of the owner */
  stoker_str token;
  stoker_instance_sink sink;
  void* user;
};

static stoker_status visit_machine(void* user, const cJSON* machine) {
  const struct search* search = user;
  const stoker_str name = str(text_in(machine, "name"));
  if (!begins(name, str(search->prefix))) return STOKER_OK;
  if (search->token.size > 0 && (name.size != search->token.size || !begins(name, search->token))) return STOKER_OK;
  return emit_machine(machine, search->sink, search->user);
}

static stoker_status find(stoker_provider* self, stoker_call* call, const stoker_find_query* lent,
                          stoker_instance_sink sink, void* user) {
  (void)self;
  stoker_find_query query;
  READ(query, lent);
  struct search search = {.token = query.client_token, .sink = sink, .user = user};
  snprintf(search.prefix, sizeof search.prefix, "stk-%.*s-", query.owner.size < 8 ? (int)query.owner.size : 8,
           query.owner.size == 0 ? "" : query.owner.data);
  return each(call, "listing machines", "/machines", visit_machine, &search);
}

static stoker_status ask_of_machine(stoker_call* call, const char* doing, const char* method,
                                    const stoker_instance_ref* lent, cJSON** body) {
  stoker_instance_ref ref;
  READ(ref, lent);
  char path[200];
  snprintf(path, sizeof path, "/machines/%.*s", (int)(ref.id.size < 150 ? ref.id.size : 150), ref.id.data);
  return ask(call, doing, method, path, NULL, REPEATABLE, body);
}

static stoker_status get(stoker_provider* self, stoker_call* call, const stoker_instance_ref* ref,
                         stoker_instance_sink sink, void* user) {
  (void)self;
  cJSON* machine = NULL;
  stoker_status status = ask_of_machine(call, "looking at a machine", "GET", ref, &machine);
  if (status == STOKER_OK && text_in(machine, "id")[0] == '\0')
    status = failed(call, STOKER_E_UNAVAILABLE, "looking at a machine", "it gave none", -1);
  else if (status == STOKER_OK)
    status = emit_machine(machine, sink, user);
  cJSON_Delete(machine);
  return status;
}

static stoker_status remove_machine(stoker_provider* self, stoker_call* call, const stoker_instance_ref* ref) {
  (void)self;
  cJSON* body = NULL;
  const stoker_status status = ask_of_machine(call, "removing a machine", "DELETE", ref, &body);
  cJSON_Delete(body);
  return status;
}

static void destroy(stoker_provider* self) { free(self); }

static const void* get_extension(stoker_provider* self, const char* id) {
  (void)self, (void)id;
  return NULL;
}

static const char* const hosts[] = {"api.acme.example", NULL};
static const stoker_descriptor descriptor = {.struct_size = sizeof descriptor,
                                             .power_off = STOKER_POWER_OFF_KEEPS_BILLING,
                                             .capabilities = STOKER_CAP_USER_DATA,
                                             .id = "acme-c",
                                             .name = "Acme",
                                             .summary = "GPU machines of Acme's cloud",
                                             .allowed_hosts = hosts};

static size_t count(void) { return 1; }
static const stoker_descriptor* describe(size_t index) { return index == 0 ? &descriptor : NULL; }

static stoker_status config_schema(const char* id, const stoker_config_sink* sink) {
  if (strcmp(id, descriptor.id) != 0) return STOKER_E_NOT_FOUND;
  const stoker_config_field token = {
      .struct_size = sizeof token,
      .kind = STOKER_FIELD_SECRET,
      .flags = STOKER_FIELD_REQUIRED | STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL,
      .key = TEXT("token"),
      .label = TEXT("API token"),
      .help = TEXT("from the dashboard, under API"),
  };
  sink->field(sink->user, &token);
  return STOKER_OK;
}

static stoker_status make(stoker_call* call, const char* id, const stoker_field* config, size_t n,
                          stoker_provider** out) {
  (void)config, (void)n; /* the token stays with the host, which puts it into requests */
  *out = NULL;
  if (strcmp(id, descriptor.id) != 0)
    return failed(call, STOKER_E_NOT_FOUND, "setting up", "there is no such provider", -1);
  if (http == NULL)
    return failed(call, STOKER_E_UNSUPPORTED, "setting up", "this agent has no service " STOKER_HTTP, -1);
  stoker_provider* made = malloc(sizeof *made);
  if (made == NULL) return failed(call, STOKER_E_UNAVAILABLE, "setting up", "there is no memory", -1);
  *made = (stoker_provider){.struct_size = sizeof *made,
                            .desc = &descriptor,
                            .destroy = destroy,
                            .get_extension = get_extension,
                            .validate = validate,
                            .list_offers = list_offers,
                            .create = create,
                            .find = find,
                            .get = get,
                            .remove = remove_machine};
  *out = made;
  return STOKER_OK;
}

static const stoker_provider_factory factory = {
    .struct_size = sizeof factory, .count = count, .describe = describe, .config_schema = config_schema, .make = make};

static stoker_status init(const stoker_host* given, stoker_call* call) {
  (void)call;
  host = given;
  http = host->get_service(host, STOKER_HTTP);
  return STOKER_OK;
}

static void deinit(void) {
  host = NULL;
  http = NULL;
}

static const void* get_factory(const char* id) { return strcmp(id, STOKER_PROVIDER_FACTORY) == 0 ? &factory : NULL; }

static const stoker_plugin plugin = {.magic = STOKER_MAGIC,
                                     .struct_size = sizeof plugin,
                                     .abi_major = STOKER_ABI_MAJOR,
                                     .abi_minor = STOKER_TARGET_MINOR,
                                     .id = "acme-c",
                                     .version = "0.1.0",
                                     .sdk_version = STOKER_SDK_VERSION,
                                     .init = init,
                                     .deinit = deinit,
                                     .get_factory = get_factory};

const stoker_plugin* stoker_plugin_entry(void) { return &plugin; }
