/* A provider: machines that can be created, found, looked at and removed.
 *
 * The agent holds the protocol that loses no machine; a provider tells it the truth. Never guess: when it is unknown whether
 * a create or remove took effect, say STOKER_E_UNKNOWN_OUTCOME.
 */
#ifndef STOKER_PROVIDER_H
#define STOKER_PROVIDER_H

#include "plugin.h"

#define STOKER_PROVIDER_FACTORY "stoker.provider-factory/1"

#define STOKER_CAP_NATIVE_IDEMPOTENCY (1ull << 0) /* create() with the same token never makes a second machine        */
#define STOKER_CAP_USER_DATA (1ull << 1)          /* create() passes user_data to cloud-init, before SSH is reachable */
#define STOKER_CAP_SPOT (1ull << 2)               /* list_offers() and create() know spot machines                        */
#define STOKER_CAP_HOST_KEY (1ull << 3) /* instance.host_public_key is filled by the provider itself */
/* With USER_DATA: user_data is no cloud-config but a script of sh, for a machine without cloud-init. create() has it run as
 * root at each start of the machine; sshd may be reachable before. What ends the machine, and its bill, must then be the
 * program /usr/local/sbin/stoker-off, that the provider places before; called with -n it only says whether it can. */
#define STOKER_CAP_START_SCRIPT (1ull << 4)

typedef struct stoker_account {
  uint32_t struct_size;
  uint32_t reserved;
  stoker_str id, name;
  stoker_money balance;
} stoker_account;

enum { STOKER_PRICE_SPOT = 1, STOKER_PRICE_ESTIMATE = 2, STOKER_PRICE_EXCLUDES_TAX = 4 };

typedef struct stoker_price {
  uint32_t struct_size;
  uint32_t flags; /* STOKER_PRICE_... */
  stoker_money per_hour;
  uint32_t granularity_s, minimum_s; /* the bill counts in steps of `granularity_s`, at least `minimum_s` */
} stoker_price;

enum { STOKER_AVAIL_UNKNOWN = 0, STOKER_AVAIL_HIGH = 1, STOKER_AVAIL_LOW = 2, STOKER_AVAIL_NONE = 3 };

typedef struct stoker_offer {
  uint32_t struct_size;
  int32_t availability; /* STOKER_AVAIL_... */
  stoker_str id, region, zone, machine;
  stoker_str gpu_model; /* as the vendor spells it; the agent makes it "H100", "A100-80GB", "RTX-4090". Empty: no GPU */
  stoker_str cpu_arch;  /* "x86_64" or "aarch64" */
  uint32_t gpu_count, vcpus;
  uint64_t gpu_mem_bytes; /* of one GPU */
  uint64_t mem_bytes, disk_bytes;
  const stoker_price *price;
  stoker_str opaque; /* <= 4 KiB, handed back in create() */
} stoker_offer;

enum { STOKER_QUERY_SPOT = 1 };

typedef struct stoker_offer_query {
  uint32_t struct_size;
  uint32_t flags; /* STOKER_QUERY_... */
  stoker_str region, gpu_model, cpu_arch; /* empty: any */
  uint32_t min_gpus, min_vcpus;
  uint64_t min_gpu_mem_bytes, min_mem_bytes, min_disk_bytes;
  stoker_money max_per_hour; /* micros 0: any */
} stoker_offer_query;

enum { STOKER_CREATE_SPOT = 1 };

typedef struct stoker_create_request {
  uint32_t struct_size;
  uint32_t flags;          /* STOKER_CREATE_... */
  /* <= 64 characters of [A-Za-z0-9-], the same over retries; begins with "stk-", the first 8 characters of `owner`, "-" */
  stoker_str client_token;
  stoker_str offer_id, offer_opaque, region, zone, name, image;
  stoker_str ssh_public_key; /* one line of authorized_keys form, or several separated by LF */
  stoker_str user_data;      /* cloud-config or a start script, rendered by the agent */
  const stoker_field *tags;
  size_t n_tags;
  uint64_t disk_bytes;
  stoker_money max_per_hour; /* a hard limit: dearer is STOKER_E_NO_CAPACITY */
  stoker_str owner;          /* install id of the agent, for find() */
  int64_t deadline_ms;       /* ms since 1970 after which the machine has no right to live; for tags and the cloud's own fuse */
} stoker_create_request;

typedef struct stoker_instance_ref {
  uint32_t struct_size;
  uint32_t reserved;
  stoker_str id, region, opaque;
} stoker_instance_ref;

enum {
  STOKER_INSTANCE_UNKNOWN = 0,
  STOKER_INSTANCE_PENDING = 1,
  STOKER_INSTANCE_RUNNING = 2,
  STOKER_INSTANCE_STOPPING = 3,
  STOKER_INSTANCE_STOPPED = 4,
  STOKER_INSTANCE_DELETING = 5,
  STOKER_INSTANCE_GONE = 6,
  STOKER_INSTANCE_FAILED = 7
};

typedef struct stoker_instance {
  uint32_t struct_size;
  int32_t state; /* STOKER_INSTANCE_... */
  stoker_str id, client_token, name, region, zone, status_text;
  stoker_str ssh_host, ssh_user;
  uint32_t ssh_port;          /* 0: 22 */
  uint32_t reserved;
  int64_t created_ms;         /* ms since 1970 */
  int64_t deadline_ms;        /* from the deadline tag given in create(); 0: none */
  const stoker_price *price;
  stoker_str opaque;          /* <= 4 KiB; the agent stores it and hands it back. Begin it with a version of your own */
  stoker_str host_public_key; /* "ssh-ed25519 AAAA...", or "SHA256:..." where only the fingerprint is known */
  stoker_str ssh_private_key; /* a key of the user's for a machine of the user's; empty: the agent's key of this attempt */
} stoker_instance;

typedef struct stoker_find_query {
  uint32_t struct_size;
  uint32_t reserved;
  stoker_str owner;        /* all machines of this install id */
  stoker_str client_token; /* only the one of this token; empty: all */
} stoker_find_query;

/* A result other than STOKER_OK means: stop and return it. */
typedef stoker_status (*stoker_offer_sink)(void *user, const stoker_offer *);
typedef stoker_status (*stoker_instance_sink)(void *user, const stoker_instance *);

typedef struct stoker_provider stoker_provider;
struct stoker_provider {
  uint32_t struct_size;
  uint32_t reserved;
  void *self;
  const stoker_descriptor *desc; /* the one that describe() gave */
  /* [instance-serial]  Nothing of it is used after that. */
  void (*destroy)(stoker_provider *);
  /* [any-thread, non-blocking]  An optional table by its ID (ext headers), or NULL; it lives as long as the provider. */
  const void *(*get_extension)(stoker_provider *, const char *extension_id);

  /* All below: [instance-serial, blocking] */

  /* A cheap authenticated call that proves the credential. STOKER_E_AUTH or _FORBIDDEN name the config_key. */
  stoker_status (*validate)(stoker_provider *, stoker_call *, void (*sink)(void *user, const stoker_account *), void *user);
  stoker_status (*list_offers)(stoker_provider *, stoker_call *, const stoker_offer_query *, stoker_offer_sink, void *user);
  /* Returns early: pending without an address is fine. The same token with the same parameters gives the same instance. */
  stoker_status (*create)(stoker_provider *, stoker_call *, const stoker_create_request *, stoker_instance_sink, void *user);
  /* Pages to the end. A partial list is an error, never a short answer. */
  stoker_status (*find)(stoker_provider *, stoker_call *, const stoker_find_query *, stoker_instance_sink, void *user);
  /* Never waits. STOKER_E_NOT_FOUND only when the cloud said so. */
  stoker_status (*get)(stoker_provider *, stoker_call *, const stoker_instance_ref *, stoker_instance_sink, void *user);
  /* STOKER_OK when accepted or already gone; STOKER_E_NOT_FOUND is taken for the latter. */
  stoker_status (*remove)(stoker_provider *, stoker_call *, const stoker_instance_ref *);
};

typedef struct stoker_provider_factory {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any-thread, non-blocking] */
  size_t (*count)(void);
  /* [any-thread, non-blocking]  NULL where there is none. */
  const stoker_descriptor *(*describe)(size_t index);
  /* [any-thread, non-blocking]  Emits the set-up fields. */
  stoker_status (*config_schema)(const char *id, const stoker_config_sink *);
  /* [any-thread]  Makes a provider from a configuration checked against the schema. No network. */
  stoker_status (*make)(stoker_call *, const char *id, const stoker_field *config, size_t n_config, stoker_provider **out);
} stoker_provider_factory;

#endif
