/* Host service "stoker.http/1": all network traffic of a provider goes through it.
 *
 * The agent holds TLS, connections, proxy, retries, Retry-After, the allowed hosts of the descriptor, and secrets: a plugin
 * names a secret, the agent inserts it, and no log line or error ever shows it.
 */
#ifndef STOKER_HTTP_H
#define STOKER_HTTP_H

#include "host.h"

#define STOKER_HTTP "stoker.http/1"

/* When the agent may send the same request again by itself. */
enum {
  STOKER_RETRY_NEVER = 1,
  STOKER_RETRY_IF_SAFE = 2, /* only while no byte of the body has left */
  STOKER_RETRY_ALWAYS = 3   /* the request is idempotent              */
};

typedef struct stoker_header {
  stoker_str name, value;
} stoker_header;

/* A header whose value is `prefix` followed by the secret stored under `secret_key`. */
typedef struct stoker_secret_header {
  stoker_str name, prefix, secret_key;
} stoker_secret_header;

typedef struct stoker_http_request {
  uint32_t struct_size;
  int32_t retry; /* STOKER_RETRY_... */
  stoker_str method, url;
  const stoker_header *headers;
  size_t n_headers;
  const stoker_secret_header *secrets;
  size_t n_secrets;
  stoker_bytes body;
  int64_t timeout_ms;          /* 0: the agent's default, never past the call's deadline */
  uint64_t max_response_bytes; /* 0: the agent's default                                 */
} stoker_http_request;

typedef struct stoker_http_response { /* valid until the sink returns */
  uint32_t struct_size;
  int32_t status;
  const stoker_header *headers;
  size_t n_headers;
  stoker_bytes body;
  stoker_str final_url; /* where the answer came from, after redirections */
} stoker_http_response;

typedef struct stoker_http {
  uint32_t struct_size;
  uint32_t reserved;
  /* [in-call, blocking]  STOKER_OK for every HTTP status; anything else is a transport error, already explained with
   * fail(). The sink is called at most once. */
  stoker_status (*send)(stoker_call *, const stoker_http_request *,
                        void (*sink)(void *user, const stoker_http_response *), void *user);
} stoker_http;

#endif
