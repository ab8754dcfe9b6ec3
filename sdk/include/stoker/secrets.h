/* Host service "stoker.secrets/1": the bytes of a secret, for schemes that sign (HMAC, JWT).
 * Where a header is enough, use stoker_secret_header instead and never hold the secret. */
#ifndef STOKER_SECRETS_H
#define STOKER_SECRETS_H

#include "host.h"

#define STOKER_SECRETS "stoker.secrets/1"

typedef struct stoker_secrets {
  uint32_t struct_size;
  uint32_t reserved;
  /* [in-call]  Calls the sink once with the secret; the bytes are wiped when it returns. */
  stoker_status (*use)(stoker_call *, stoker_str key, void (*sink)(void *user, stoker_bytes), void *user);
} stoker_secrets;

#endif
