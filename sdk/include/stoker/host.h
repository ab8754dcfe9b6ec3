/* What the agent offers to a plugin, and the context of one call.
 *
 * Thread tags, checked by the agent and by stoker-plugin-check:
 *   [init]            one thread, nothing else of the plugin is running
 *   [any-thread]      concurrent calls are legal
 *   [instance-serial] one call at a time for one object, on any thread
 *   [stream-serial]   the same for one log stream; streams run in parallel
 *   [in-call]         only with the live stoker_call passed to the running call, on its thread
 *   blocking          may wait on host services
 *   non-blocking      no I/O, no sleep, no lock shared with other objects
 * A plugin starts no threads in ABI 1.
 */
#ifndef STOKER_HOST_H
#define STOKER_HOST_H

#include "base.h"

typedef struct stoker_host stoker_host; /* lives from init() until after deinit() */
typedef struct stoker_call stoker_call; /* made by the agent for one call; dead when the call returns */

enum { STOKER_LOG_DEBUG = 1, STOKER_LOG_INFO = 2, STOKER_LOG_WARNING = 3, STOKER_LOG_ERROR = 4 };

/* Why a call failed, in words a person can act on. */
typedef struct stoker_failure {
  uint32_t struct_size;
  stoker_status status;
  stoker_str message;       /* one line, no secrets                                     */
  stoker_str hint;          /* what to do about it                                      */
  stoker_str config_key;    /* the set-up field to blame, or empty                      */
  stoker_str provider_code; /* the cloud's own error code, kept as it came              */
  int64_t retry_after_ms;   /* how long the cloud asked us to wait; -1: it did not say  */
} stoker_failure;

struct stoker_host {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  stoker_str name, version; /* of the agent, for messages only */

  /* [any-thread]  `call` may be NULL. Known secrets are masked before a line is written. */
  void (*log)(const stoker_host *, const stoker_call *call, int32_t level, stoker_str msg, const stoker_field *fields,
              size_t n_fields);
  /* [any-thread]  Milliseconds since 1970, UTC. */
  int64_t (*wall_ms)(const stoker_host *);
  /* [any-thread]  Milliseconds on a clock that never jumps and counts while the machine sleeps. */
  int64_t (*mono_ms)(const stoker_host *);
  /* [any-thread]  A service table by its ID ("stoker.http/1"), or NULL when this host does not offer it. */
  const void *(*get_service)(const stoker_host *, const char *service_id);

  /* [in-call]  Copies the failure and returns its status, so that `return host->fail(call, &f);` is the idiom. */
  stoker_status (*fail)(stoker_call *, const stoker_failure *);
  /* [in-call]  Not zero once the agent wants the call to end; the plugin must return within 2 s. */
  int32_t (*cancelled)(const stoker_call *);
  /* [in-call]  On the clock of mono_ms(); INT64_MAX: none. */
  int64_t (*deadline_mono_ms)(const stoker_call *);
  /* [in-call, blocking]  STOKER_OK, or STOKER_E_CANCELLED / _DEADLINE as soon as either is true. */
  stoker_status (*sleep_ms)(stoker_call *, int64_t ms);
};

#endif
