#include "core/store/events.h"

#include <algorithm>

#include "core/error.h"

namespace stoker::store {
namespace {

void read_rows(SQLite::Statement& q, std::vector<EventRow>& rows) {
  while (q.executeStep()) {
    rows.push_back(
        {q.getColumn(0).getInt64(), q.getColumn(1).getInt64(), q.getColumn(2).getString(), q.getColumn(3).getString()});
  }
}

}  // namespace

int64_t Events::append(const std::string& job_id, int64_t t_ms, std::string_view kind, std::string_view data) {
  Query number(db_, "UPDATE jobs SET last_seq = last_seq + 1 WHERE id = ? RETURNING row, last_seq");
  number->bindNoCopy(1, job_id);
  if (!number->executeStep()) throw Error(Fault::not_found, "no job " + job_id);
  const int64_t seq = number->getColumn(1).getInt64();

  // Text by way of cast: string_views are bound as blobs.
  Query insert(db_,
               "INSERT INTO events (job, seq, t_ms, kind, data) VALUES (?, ?, ?, CAST(? AS TEXT), CAST(? AS TEXT))");
  insert->bind(1, number->getColumn(0).getInt64());
  insert->bind(2, seq);
  insert->bind(3, t_ms);
  insert->bindNoCopy(4, kind.data(), static_cast<int>(kind.size()));
  insert->bindNoCopy(5, data.data(), static_cast<int>(data.size()));
  insert->exec();
  return seq;
}

std::vector<EventRow> Events::after(const std::string& job_id, int64_t after, int limit) const {
  Query q(db_,
          "SELECT seq, t_ms, kind, data FROM events"
          " WHERE job = (SELECT row FROM jobs WHERE id = ?) AND seq > ? ORDER BY seq LIMIT ?");
  q->bindNoCopy(1, job_id);
  q->bind(2, after);
  q->bind(3, std::max(limit, 0));
  std::vector<EventRow> rows;
  read_rows(*q, rows);
  return rows;
}

template <typename Earlier>
std::vector<EventRow> Events::merged(const char* sql, const std::string& job_id, const std::vector<std::string>& kinds,
                                     int64_t bound, int limit, Earlier earlier) const {
  std::vector<EventRow> rows;
  for (const std::string& kind : kinds) {
    SQLite::Statement q(db_, sql);
    q.bindNoCopy(1, job_id);
    q.bindNoCopy(2, kind);
    q.bind(3, bound);
    q.bind(4, std::max(limit, 0));
    read_rows(q, rows);
  }
  std::sort(rows.begin(), rows.end(), [&](const EventRow& a, const EventRow& b) { return earlier(a.seq, b.seq); });
  const auto repeated =
      std::unique(rows.begin(), rows.end(), [](const EventRow& a, const EventRow& b) { return a.seq == b.seq; });
  rows.erase(repeated, rows.end());
  if (rows.size() > static_cast<size_t>(std::max(limit, 0))) rows.resize(static_cast<size_t>(std::max(limit, 0)));
  return rows;
}

// One query a kind, each a straight walk along the index: rare kinds are found without reading a million log lines.
std::vector<EventRow> Events::of_kinds(const std::string& job_id, const std::vector<std::string>& kinds, int64_t after,
                                       int limit) const {
  return merged(
      "SELECT seq, t_ms, kind, data FROM events"
      " INDEXED BY events_by_kind"
      " WHERE job = (SELECT row FROM jobs WHERE id = ?) AND kind = ? AND seq > ? ORDER BY seq LIMIT ?",
      job_id, kinds, after, limit, [](int64_t a, int64_t b) { return a < b; });
}

std::vector<EventRow> Events::newest(const std::string& job_id, const std::vector<std::string>& kinds, int64_t before,
                                     int limit) const {
  return merged(
      "SELECT seq, t_ms, kind, data FROM events"
      " INDEXED BY events_by_kind"
      " WHERE job = (SELECT row FROM jobs WHERE id = ?) AND kind = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
      job_id, kinds, before, limit, [](int64_t a, int64_t b) { return a > b; });
}

}  // namespace stoker::store
