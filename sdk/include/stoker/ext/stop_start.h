/* Extension "stoker.provider.stop-start/1": a machine that can be stopped and started again without being removed. */
#ifndef STOKER_EXT_STOP_START_H
#define STOKER_EXT_STOP_START_H

#include "../provider.h"

#define STOKER_EXT_STOP_START "stoker.provider.stop-start/1"

typedef struct stoker_stop_start {
  uint32_t struct_size;
  uint32_t reserved;
  /* [instance-serial, blocking]  STOKER_OK when accepted or already so. */
  stoker_status (*stop)(stoker_provider *, stoker_call *, const stoker_instance_ref *);
  stoker_status (*start)(stoker_provider *, stoker_call *, const stoker_instance_ref *);
} stoker_stop_start;

#endif
