/* Extension "stoker.provider.resources/1": what create() makes beside the machine, such as an SSH key object.
 *
 * create() gives each of them the client token as its name or tag, before the machine is made. The agent knows of them by
 * that alone: it lists them by token once the machine is gone or was refused, and removes what is left until nothing is.
 */
#ifndef STOKER_EXT_RESOURCES_H
#define STOKER_EXT_RESOURCES_H

#include "../provider.h"

#define STOKER_EXT_RESOURCES "stoker.provider.resources/1"

enum { STOKER_RESOURCE_OTHER = 0, STOKER_RESOURCE_SSH_KEY = 1, STOKER_RESOURCE_FIREWALL = 2 };

typedef struct stoker_resource {
  uint32_t struct_size;
  int32_t kind; /* STOKER_RESOURCE_... */
  stoker_str id, region, name;
  stoker_str client_token; /* of the create() that made it */
} stoker_resource;

/* A result other than STOKER_OK means: stop and return it. */
typedef stoker_status (*stoker_resource_sink)(void *user, const stoker_resource *);

typedef struct stoker_resources {
  uint32_t struct_size;
  uint32_t reserved;
  /* [instance-serial, blocking]  Those of query.owner, and of query.client_token where it is given. Pages to the end. */
  stoker_status (*list)(stoker_provider *, stoker_call *, const stoker_find_query *, stoker_resource_sink, void *user);
  /* [instance-serial, blocking]  STOKER_OK when accepted or already gone. */
  stoker_status (*remove)(stoker_provider *, stoker_call *, const stoker_resource *);
} stoker_resources;

#endif
