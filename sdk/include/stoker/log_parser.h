/* A log parser: a pure function from the bytes of a training log to events.
 *
 * The one rule worth the most tests: the same bytes, split anywhere, give the same events. Memory is bounded: a line over
 * max_line_bytes is cut and flagged. Any bytes are legal. A parser gets no services but log.
 */
#ifndef STOKER_LOG_PARSER_H
#define STOKER_LOG_PARSER_H

#include "plugin.h"

#define STOKER_LOG_PARSER_FACTORY "stoker.log-parser-factory/1"

/* Kinds of events and the fields the agent understands. Others are kept and shown.
 *   RUN         framework, version, total_steps, num_examples, num_epochs, batch_size, resumed_step ...   (name: framework)
 *   PHASE       name: setup download load_model tokenize train eval save merge upload done failed; sent on change only
 *   PROGRESS    scope (train eval download tokenize load_model save other), n, total, unit, elapsed_s, rate; name: bar's title
 *   METRIC      every number of the record under the framework's own key; epoch, step where the record carries them
 *   EVAL        the same; split in `name` ("eval", "eval_xyz", "predict", "test")
 *   CHECKPOINT  step, path, complete (0: announced, 1: written)
 *   SUMMARY     every number of the record under the framework's own key
 *   DIAGNOSIS   kind in `name`, message in `text`; exception, rank, retryable, terminal, hint
 * Fields of every kind about the line itself: @rank (int) and @source (text), the process and the machine, pod or task
 * group that the launcher's prefix names. Each such origin is a series of its own.
 * The agent makes the diagnosis of Python tracebacks, GPU, NCCL and launcher errors itself, for every log; a parser adds
 * what only its framework knows.
 */
enum {
  STOKER_EVENT_RUN = 1,
  STOKER_EVENT_PHASE = 2,
  STOKER_EVENT_PROGRESS = 3,
  STOKER_EVENT_METRIC = 4,
  STOKER_EVENT_EVAL = 5,
  STOKER_EVENT_CHECKPOINT = 6,
  STOKER_EVENT_SUMMARY = 7,
  STOKER_EVENT_DIAGNOSIS = 8
};
enum { STOKER_SEVERITY_NONE = 0, STOKER_SEVERITY_INFO = 1, STOKER_SEVERITY_WARNING = 2, STOKER_SEVERITY_ERROR = 3 };
enum { STOKER_EVENT_TRUNCATED = 1 }; /* the line was longer than max_line_bytes */
enum { STOKER_FINISH_EOF = 1, STOKER_FINISH_CANCELLED = 2 };

#define STOKER_DEFAULT_MAX_LINE_BYTES 16384u

typedef struct stoker_log_event {
  uint32_t struct_size;
  int32_t kind;     /* STOKER_EVENT_...    */
  int32_t severity; /* STOKER_SEVERITY_... */
  uint32_t flags;   /* STOKER_EVENT_TRUNCATED */
  int64_t time_ms;  /* ms since 1970 as the line itself says; 0: it says none */
  uint64_t first_byte, last_byte; /* offsets in the stream, inclusive, of the bytes the event was read from */
  stoker_str name, text;
  const stoker_field *fields;
  size_t n_fields;
} stoker_log_event;

/* A result other than STOKER_OK means: return at once; only destroy() follows. */
typedef stoker_status (*stoker_log_sink)(void *user, const stoker_log_event *);

typedef struct stoker_stream_info {
  uint32_t struct_size;
  uint32_t max_line_bytes; /* 0: STOKER_DEFAULT_MAX_LINE_BYTES */
  stoker_str source;       /* what the log is of, for messages only */
  uint64_t start_offset;   /* offset of the first byte that will be pushed */
} stoker_stream_info;

/* [stream-serial, non-blocking] */
typedef struct stoker_log_stream stoker_log_stream;
struct stoker_log_stream {
  uint32_t struct_size;
  uint32_t reserved;
  void *self;
  /* Consumes all bytes; events come inside the call. */
  stoker_status (*push)(stoker_log_stream *, stoker_bytes, stoker_log_sink, void *user);
  /* Flushes what a last line without an end still holds. `why`: STOKER_FINISH_... */
  stoker_status (*finish)(stoker_log_stream *, int32_t why, stoker_log_sink, void *user);
  void (*destroy)(stoker_log_stream *);
};

typedef struct stoker_log_parser_factory {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any-thread, non-blocking] */
  size_t (*count)(void);
  /* [any-thread, non-blocking]  NULL where there is none. */
  const stoker_descriptor *(*describe)(size_t index);
  /* [any-thread, non-blocking] */
  stoker_status (*config_schema)(const char *id, const stoker_config_sink *);
  /* [any-thread, non-blocking]  How likely this head of a log is of this parser's format, 0..100. */
  int32_t (*detect)(const char *id, stoker_bytes head);
  /* [any-thread, non-blocking]  Independent state for one stream; `config` was checked against the schema. */
  stoker_status (*open)(stoker_call *, const char *id, const stoker_stream_info *, const stoker_field *config,
                        size_t n_config, stoker_log_stream **out);
} stoker_log_parser_factory;

#endif
