// The storage contract: what the engine needs of a store. Implemented by memory/ and sqlite/, proven by one contract
// suite (tests/store_contract). The store keeps encoded records and knows nothing of what they mean.
//
// A namespace's data are: the log (events at dense positions from 1), the live entities (what a restart loads), the
// ended entities (what lists and look-ups read), documents (immutable texts that belong to the event that brought
// them: definitions with their payloads, results), idempotency records and task logs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/result.h"
#include "base/values.h"

namespace arbiter::store {

using Position = std::uint64_t;  // Of an event; the first is 1.
using Epoch = std::uint64_t;     // Of an ownership; grows with every open.

inline constexpr std::size_t kPageRowsMax = 1'000;             // rows in one answer of a query
inline constexpr std::size_t kIdempotencyKeysMax = 100'000;    // of one namespace; the oldest give way to new ones
inline constexpr std::size_t kScanRowsMax = 200'000;           // rows one query looks at before it returns a short page
inline constexpr std::size_t kDocumentInlineBytesMax = 4'096;  // larger bodies are not handed to load()

struct EventRow {
  Position position = 0;
  base::Timestamp time;
  std::string type;               // TASK.COMPLETED.SUCCESS
  std::string entity;             // The tag of the thing it is about, `task:build-1`; answered without a tag row.
  std::vector<std::string> tags;  // Further tags, `worker:w1`.
  std::string data;               // JSON object.
  std::string metadata;           // JSON object: actor, trace, causation.
};

// What of an ended entity can be filtered by.
struct EndedInfo {
  Position ended_position = 0;  // Of the event that ended it: the order of lists.
  base::Timestamp ended_at;
  std::string state;
  std::string queue;
  std::string type;
};

struct EntityPut {
  std::string kind{};  // task, worker, queue, token, ...
  std::string id{};
  std::string body{};                // JSON object, at most 8 KiB by custom.
  Position document = 0;             // The document with its definition; 0: none.
  std::optional<EndedInfo> ended{};  // Set: the entity leaves the live ones and is kept as ended.
  bool revived = false;              // It was ended before: drop that row.
};

struct EntityKey {
  std::string kind;
  std::string id;
  friend auto operator<=>(const EntityKey&, const EntityKey&) = default;
};

// Written once, never changed. Gone when the ended entity that refers to it is deleted by retention.
struct Document {
  Position position = 0;  // Of the event that brought it.
  std::string spec{};     // JSON object: the definition without its payload. May be empty.
  std::string body{};     // JSON: payload or result. May be empty.
};

struct IdempotencyRecord {
  std::string key;
  std::string fingerprint;  // Of the request it belongs to.
  int status = 0;
  std::string reply;
  base::Timestamp expires_at;
};

// Lines of a task's log, in order. Over the cap they are dropped and the log says so.
struct LogLine {
  std::uint64_t sequence = 0;  // Of the line in its task's log, from 1; given by the store.
  base::Timestamp time{};
  std::int64_t attempt = 0;
  std::string text{};
};
struct LogAppend {
  std::string task{};
  std::vector<LogLine> lines{};
};
inline constexpr std::size_t kTaskLogBytesMax = std::size_t{10} * 1024 * 1024;

// Blobs: large immutable values (outputs, artifacts), kept in chunks beside entities and documents. A blob is written
// first and referred to by a later commit, so that no reference ever leads to nothing. Blobs that no entity refers to
// are garbage, which retention collects.
inline constexpr std::size_t kBlobChunkBytesMax = std::size_t{1024} * 1024;
inline constexpr std::uint64_t kBlobBytesMax = std::uint64_t{4} * 1024 * 1024 * 1024;
struct BlobChunk {
  std::string blob;          // Its id: the writer's choice, of its own in the namespace.
  std::uint64_t offset = 0;  // Where the chunk begins: the end of what is there. 0 creates the blob.
  std::string_view bytes;    // 1 to kBlobChunkBytesMax.
  base::Timestamp time;      // Of the writing.
};
struct BlobReference {
  std::string blob;
  std::uint64_t size = 0;  // That it must have, in bytes.
  EntityKey entity;        // In the store after the commit. The blob stays as long as it.
};
struct BlobPart {
  std::string bytes;
  std::uint64_t size = 0;  // Of the whole blob.
};

struct Batch {
  Epoch epoch = 0;
  std::vector<EventRow> events{};  // At the next positions, dense.
  std::vector<EntityPut> puts{};   // Each entity at most once.
  std::vector<EntityKey> deletes{};
  std::vector<Document> documents{};
  std::vector<IdempotencyRecord> idempotency{};
  std::vector<LogAppend> logs{};
  std::vector<BlobReference> blobs{};
  [[nodiscard]] bool empty() const {
    return events.empty() && puts.empty() && deletes.empty() && idempotency.empty() && logs.empty() && blobs.empty();
  }
};

// A live entity as load() gives it.
struct LoadedEntity {
  std::string_view kind{};
  std::string_view id{};
  std::string_view body{};
  Position document = 0;
  std::string_view spec{};           // Of its document.
  std::string_view document_body{};  // Of its document, when it has at most kDocumentInlineBytesMax bytes.
  std::size_t document_bytes = 0;    // The body's size, also when it is not handed over.
};

struct EventQuery {
  Position after = 0;
  Position up_to = 0;                // 0: the newest committed
  std::vector<std::string> types{};  // Any of; `TASK.*` matches by prefix. Empty: all.
  std::vector<std::string> tags{};   // All of, an event's entity counted as a tag. Empty: all.
  std::size_t limit = 100;           // At most kPageRowsMax.
};
struct EventPage {
  std::vector<EventRow> events;
  Position scanned_to = 0;  // Everything up to here has been looked at: the `after` of the next page.
  bool more = false;        // There may be more after scanned_to.
  Position oldest = 0;      // The first position that retention has left, one after the head when it has left none.
  // The query began after a position that a restore passed over: whoever knows it has seen events that are lost. They
  // followed this one.
  std::optional<Position> lost_after{};
};

struct EndedQuery {
  std::string kind{};
  std::vector<std::string> states{};  // Any of. Empty: all.
  std::string queue{};                // Empty: any.
  std::string type{};                 // Empty: any.
  Position before = 0;                // Ended before this position; 0: from the newest on.
  std::size_t limit = 100;
};
struct EndedEntity {
  std::string id;
  std::string body;
  Position document = 0;
  EndedInfo info;
};
struct EndedPage {
  std::vector<EndedEntity> entities;  // Newest first.
  Position scanned_to = 0;            // The `before` of the next page.
  bool more = false;
};

// An entity as a look-up by key finds it, live or ended, with its document.
struct FoundEntity {
  EntityKey key{};
  std::string body{};
  Position document_position = 0;
  std::string spec{};
  std::string document_body{};  // Empty when over kDocumentInlineBytesMax.
  std::size_t document_bytes = 0;
  bool ended = false;
};
struct Lookup {
  Position head = 0;  // The committed position at which the look-up was made.
  std::vector<FoundEntity> found;
};

struct LogPage {
  std::vector<LogLine> lines;
  std::uint64_t next = 0;  // The sequence to read on after.
  bool truncated = false;  // Lines were dropped at the cap.
};

struct RetentionLimits {
  base::Timestamp ended_before;  // Ended entities, their documents and logs, and events older than this go.
  base::Timestamp now;           // Idempotency records that expired before this go, and
  std::size_t idempotency_keys_max = kIdempotencyKeysMax;  // the oldest beyond so many.
  std::size_t rows_max = 1'000;                            // One call deletes about so many rows.
  Position keep_events_from = 0;                           // Events at or after this position stay (0: no such bound).
  base::Timestamp blobs_before{};  // Blobs last written before this go when nothing refers to them.
};

struct JournalState {
  Position head = 0;  // Of the last committed event; 0: none.
  Epoch epoch = 0;
  base::Timestamp last_time;  // Of the last committed event.
  std::uint64_t seed = 0;     // Of the namespace's randomness; chosen when the namespace was created.
};

// Reads of committed state, on a connection of their own: any thread may call, at any time, while commits go on.
class Reader {
 public:
  virtual ~Reader() = default;
  [[nodiscard]] virtual base::Result<Lookup> lookup(const std::vector<EntityKey>& keys) = 0;
  [[nodiscard]] virtual base::Result<EventPage> events(const EventQuery& query) = 0;
  [[nodiscard]] virtual base::Result<EndedPage> ended(const EndedQuery& query) = 0;
  // The body of the document at `position`; kNotFound when retention took it.
  [[nodiscard]] virtual base::Result<Document> document(Position position) = 0;
  // Lines of a task's log after `sequence`, at most `limit`.
  [[nodiscard]] virtual base::Result<LogPage> log(const std::string& task, std::uint64_t sequence,
                                                  std::size_t limit) = 0;
  // At most `limit` bytes (and kBlobChunkBytesMax) of a blob from `offset` on; none at its end. kNotFound: there is no
  // such blob.
  [[nodiscard]] virtual base::Result<BlobPart> blob(const std::string& id, std::uint64_t offset, std::size_t limit) = 0;
};

// One namespace under one owner. Called from one committer at a time, but for reader().
class Journal {
 public:
  virtual ~Journal() = default;
  [[nodiscard]] virtual JournalState state() const = 0;

  // Appends to a blob and returns once that would survive a power cut. A chunk that is there already is not written
  // again, so that a lost answer can be repeated.
  // kInvalidState: the chunk does not begin where the blob ends, or the blob is referred to, which ends its growth.
  // kTooLarge: the blob would grow over kBlobBytesMax. Others as for commit().
  [[nodiscard]] virtual base::Result<void> append(const BlobChunk& chunk) = 0;

  // Writes `batch` atomically and returns once it would survive a power cut.
  // kNotFound: a blob that it refers to is not there in the size it names; nothing was written.
  // kFenced: a newer epoch owns this namespace; nothing was written.
  // kNoSpace: nothing was written; probe() tells when to go on.
  // kIoError: the device failed; nothing is written to this journal again, and Store::recover() is next.
  // kUnknown: the outcome cannot be known; reload.
  [[nodiscard]] virtual base::Result<void> commit(const Batch& batch) = 0;

  // Every live entity, in the order of their kinds and ids, each once.
  [[nodiscard]] virtual base::Result<void> load(const std::function<void(const LoadedEntity&)>& visit) = 0;
  [[nodiscard]] virtual base::Result<void> load_idempotency(
      const std::function<void(const IdempotencyRecord&)>& visit) = 0;

  // Of a namespace that was restored from an earlier copy: the next event comes after `head`, which is above all that
  // was ever given out, and the epoch is `epoch`. Both are higher than they are. What is passed over stays a gap.
  [[nodiscard]] virtual base::Result<void> skip_to(Position head, Epoch epoch) = 0;

  // Writes and syncs a little, to learn whether the device takes changes again.
  [[nodiscard]] virtual base::Result<void> probe() = 0;

  // Deletes a small step of what is older than the limits; true while there is more.
  [[nodiscard]] virtual base::Result<bool> retain(const RetentionLimits& limits) = 0;

  [[nodiscard]] virtual Reader& reader() = 0;
};

// What a store tells of itself for metrics; what it cannot know stays empty.
struct StoreFigures {
  base::Latencies log_syncs;                  // fsync of write-ahead logs: one of each commit
  base::Latencies database_syncs;             // fsync of databases: of checkpoints
  std::map<std::string, std::int64_t> bytes;  // of each namespace that was asked for: what its files take
  std::optional<std::int64_t> free_bytes;     // what the device has left
};

// A namespace that was closed in order, and when it next has something to do; kNothingDue: never by itself.
struct Resting {
  std::string name;
  base::Timestamp due;  // of the wall clock
  friend bool operator==(const Resting&, const Resting&) = default;
};
inline constexpr base::Timestamp kNothingDue{INT64_MAX};

// All namespaces of one server.
class Store {
 public:
  virtual ~Store() = default;
  // Takes ownership with a new, higher epoch: later commits of an earlier owner are refused with kFenced.
  // Creates the namespace when it does not exist. `seed` becomes the new namespace's seed.
  // kIoError after a failure of the device, as long as recover() has not succeeded.
  [[nodiscard]] virtual base::Result<std::unique_ptr<Journal>> open(const std::string& name, std::uint64_t seed) = 0;

  // After kIoError, when every journal of the namespace is gone: verifies what is stored (whole, positions dense,
  // the epoch of `last`, every event up to its head), copies it to a fresh synced place, and lets open() go on from
  // there. `last` is what the last journal knew; 0 stands for
  // what is not known. What the failed commit brought may be
  // there or not. Gives a place where the failed data are kept, empty when there is none.
  // kIoError: the data are damaged or the device still fails. kFenced, kNoSpace: as for commit(). The namespace stays
  // closed then, and recover() may be tried again.
  [[nodiscard]] virtual base::Result<std::string> recover(const std::string& name, const JournalState& last) = 0;

  // Any thread; reads the sizes of files.
  [[nodiscard]] virtual StoreFigures figures(const std::vector<std::string>& /*namespaces*/) { return {}; }

  // Keeps when a namespace whose journal is gone has something to do, as durably as a commit. The next open() forgets
  // it before it does anything else: what is kept is never older than what the namespace holds.
  [[nodiscard]] virtual base::Result<void> rest(const std::string& name, base::Timestamp due) = 0;
  // What is kept, by name. A namespace that is missing here was not closed in order, or is new to this store: only
  // opening it tells what it has to do.
  [[nodiscard]] virtual base::Result<std::vector<Resting>> resting() = 0;
};

}  // namespace arbiter::store
