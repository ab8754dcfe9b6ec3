/* The entry of a plugin: one exported C symbol and a frozen identity block.
 *
 * Life: checks without loading -> dlopen -> stoker_plugin_entry() -> identity -> init() -> get_factory() -> objects ->
 * deinit() at exit. deinit() follows only a successful init(); init() may run again after deinit(). The library stays mapped.
 */
#ifndef STOKER_PLUGIN_H
#define STOKER_PLUGIN_H

#include "host.h"

#define STOKER_EXPORT __attribute__((visibility("default")))
#define STOKER_MAGIC 0x314B5453u /* "STK1" */

/* Kinds and flags of a row of guided set-up. */
enum {
  STOKER_FIELD_TEXT = 1,
  STOKER_FIELD_SECRET = 2,
  STOKER_FIELD_INT = 3,
  STOKER_FIELD_BOOL = 4,
  STOKER_FIELD_CHOICE = 5,
  STOKER_FIELD_PATH = 6
};
enum {
  STOKER_FIELD_REQUIRED = 1,
  STOKER_FIELD_SENSITIVE = 2, /* never shown again once stored */
  STOKER_FIELD_ADVANCED = 4,
  STOKER_FIELD_CREDENTIAL = 8 /* rotated with the credential   */
};

typedef struct stoker_config_field {
  uint32_t struct_size;
  int32_t kind;   /* STOKER_FIELD_TEXT ... */
  uint32_t flags; /* STOKER_FIELD_REQUIRED ... */
  int32_t order;  /* rows are asked for in ascending order */
  stoker_str key, label, help, default_value, example, docs_url, group;
} stoker_config_field;

/* `choice` adds one to the field of that key, which came before it. */
typedef struct stoker_config_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *user;
  void (*field)(void *user, const stoker_config_field *);
  void (*choice)(void *user, stoker_str key, stoker_str value, stoker_str label);
} stoker_config_sink;

/* What the plugin can do and needs; bits of `capabilities`: 0 to 31 are of its kind and in that header, 32 to 63 of all. */
#define STOKER_CAP_LOCAL_SYSTEM (1ull << 32) /* starts processes on the agent's machine; bundled plugins only */

/* What becomes of the bill when the instance powers itself off. */
enum {
  STOKER_POWER_OFF_UNKNOWN = 0,
  STOKER_POWER_OFF_KEEPS_BILLING = 1,
  STOKER_POWER_OFF_STOPS_BILLING = 2, /* the disk may go on */
  STOKER_POWER_OFF_DELETES = 3,
  STOKER_POWER_OFF_FORBIDDEN = 4 /* the machine is the user's own and is never powered off */
};

/* Static data, valid from init() to deinit(): no I/O, no allocation. */
typedef struct stoker_descriptor {
  uint32_t struct_size;
  int32_t power_off;     /* provider: STOKER_POWER_OFF_... */
  uint64_t capabilities; /* STOKER_CAP_... */
  const char *id, *name, *summary, *url;
  const char *const *allowed_hosts; /* NULL-ended list of globs; the agent enforces it. NULL: no network at all */
  const char *const *permissions;   /* NULL-ended: the least that the credential must be allowed, in the vendor's words */
  int64_t settle_ms;                /* provider: how long a listing may lag behind the truth          */
  int64_t min_create_interval_ms;   /* provider: the vendor's floor between two creates; 0: none known */
  int64_t request_interval_ms;      /* the vendor's limit for one account, as the mean time between two requests ... */
  uint32_t request_burst;           /* ... and how many may come at once; the agent paces. 0, 0: none known         */
  uint32_t reserved;
} stoker_descriptor;

typedef struct stoker_plugin {
  /* Identity: these 32 bytes (LP64) are the same in every major, so that any agent can explain any plugin. */
  uint32_t magic, struct_size;
  uint16_t abi_major, abi_minor;
  uint32_t reserved;
  const char *id, *version;
  /* ABI 1 */
  const char *sdk_version; /* for messages only */
  /* [init]  `call` carries cancel, deadline and fail() for this call. */
  stoker_status (*init)(const stoker_host *, stoker_call *);
  /* [init] */
  void (*deinit)(void);
  /* [any-thread]  A factory table by its ID, or NULL when not offered. */
  const void *(*get_factory)(const char *factory_id);
} stoker_plugin;

#ifdef __cplusplus
extern "C" {
#endif
/* The one exported symbol. [any-thread]  Returns static data. */
STOKER_EXPORT const stoker_plugin *stoker_plugin_entry(void);
#ifdef __cplusplus
}
#endif

#endif
