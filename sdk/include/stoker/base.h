/* Values that cross the boundary between the agent and a plugin. ABI 1 is frozen; docs/abi.md says what may still change.
 *
 * Everything is plain data. A stoker_str is UTF-8, sized, not promised to end in NUL; a const char * is UTF-8 that ends in
 * NUL. Both are borrowed: arguments live for the call, what a sink receives lives until the sink returns. Nobody frees
 * memory of the other side. A sink is called on the thread of the call that it was given to, and only during that call.
 *
 * Growing structs begin with `struct_size`, set by the writer. A reader copies min(struct_size, its own size) into a zeroed
 * local; zero always means "not said". Growing structs are passed by pointer, never in an array or inside another struct.
 * Values (stoker_str, stoker_bytes, stoker_money, stoker_value, stoker_field, stoker_header, stoker_secret_header) are, and
 * never change.
 *
 * `reserved` members are written as zero and not read. Bits of `flags` that the reader does not know are left alone. Enums
 * travel as int32_t; a value that the reader does not know is kept and shown as "unknown", never an error.
 */
#ifndef STOKER_BASE_H
#define STOKER_BASE_H

#include <stddef.h>
#include <stdint.h>

#define STOKER_ABI_MAJOR 1
#define STOKER_ABI_NEWEST_MINOR 0

/* The ABI minor the author promises to need, not the newest this SDK knows. stoker_add_plugin() sets it. */
#ifndef STOKER_TARGET_MINOR
#define STOKER_TARGET_MINOR 0
#endif
#if STOKER_TARGET_MINOR > STOKER_ABI_NEWEST_MINOR
#error "this SDK does not know the requested plugin ABI"
#endif

/* Package version of the SDK, for messages only; compatibility is decided by the ABI numbers. */
#define STOKER_SDK_VERSION "0.1.0"

typedef struct stoker_str {
  const char *data;
  size_t size;
} stoker_str;

typedef struct stoker_bytes {
  const void *data;
  size_t size;
} stoker_bytes;

/* An amount in millionths of the currency unit. `currency` is an ISO 4217 code with its NUL; empty means "not said". */
typedef struct stoker_money {
  int64_t micros;
  char currency[4];
  uint32_t reserved;
} stoker_money;

/* What a call came to. The class decides what the agent does next, so choose by that and by nothing else. */
typedef int32_t stoker_status;
enum {
  STOKER_OK = 0,
  STOKER_E_CANCELLED = 1,       /* the host asked to stop                                      */
  STOKER_E_DEADLINE = 2,        /* the call's deadline passed                                  */
  STOKER_E_INVALID = 3,         /* a parameter is wrong; the user must change it               */
  STOKER_E_UNSUPPORTED = 4,     /* this plugin can not do that                                 */
  STOKER_E_INTERNAL = 5,        /* a bug in the plugin                                         */
  STOKER_E_AUTH = 6,            /* the credential is refused; the user must replace it         */
  STOKER_E_FORBIDDEN = 7,       /* the credential lacks a permission                           */
  STOKER_E_QUOTA = 8,           /* the account may not have more; the user must raise it       */
  STOKER_E_NOT_FOUND = 9,       /* the named resource does not exist                           */
  STOKER_E_CONFLICT = 10,       /* the same client token was used with other parameters        */
  STOKER_E_NO_CAPACITY = 11,    /* nothing was made; try another offer                         */
  STOKER_E_RATE_LIMITED = 12,   /* nothing happened; the same call again later                 */
  STOKER_E_UNAVAILABLE = 13,    /* nothing happened; the same call again later                 */
  STOKER_E_UNKNOWN_OUTCOME = 14 /* sent, answer lost: the agent looks before it does anything  */
};

enum { STOKER_INT = 1, STOKER_REAL = 2, STOKER_TEXT = 3, STOKER_BOOL = 4 };

typedef struct stoker_value {
  int32_t type; /* STOKER_INT, _REAL, _TEXT or _BOOL (in `i`, 0 or 1) */
  uint32_t reserved;
  union {
    int64_t i;
    double r;
    stoker_str s;
  } as;
} stoker_value;

typedef struct stoker_field {
  stoker_str key;
  stoker_value value;
} stoker_field;

#endif
