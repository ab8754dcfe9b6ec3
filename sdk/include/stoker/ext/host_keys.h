/* Extension "stoker.provider.host-keys/1": SSH host keys read from the cloud's own API over TLS. */
#ifndef STOKER_EXT_HOST_KEYS_H
#define STOKER_EXT_HOST_KEYS_H

#include "../provider.h"

#define STOKER_EXT_HOST_KEYS "stoker.provider.host-keys/1"

typedef struct stoker_host_keys {
  uint32_t struct_size;
  uint32_t reserved;
  /* [instance-serial, blocking]  One sink call a key, "ssh-ed25519 AAAA...". No key yet: STOKER_OK and no sink call. */
  stoker_status (*read)(stoker_provider *, stoker_call *, const stoker_instance_ref *,
                        stoker_status (*sink)(void *user, stoker_str key), void *user);
} stoker_host_keys;

#endif
