#include "workload.h"

#include "base/check.h"

namespace arbiter::power {
namespace {

constexpr const char* kFirst = "default";
constexpr const char* kSecond = "later";  // Created in a directory that is in use.

}  // namespace

Workload::Workload(std::uint64_t seed, std::filesystem::path data, store::SqliteOptions options, Recording& recording)
    : random_(seed), data_(std::move(data)), options_(std::move(options)), recording_(recording) {
  open_store();
  open(kFirst);
}

void Workload::note() {
  recording_.mark(ledger_.marks.size());
  ledger_.marks.push_back(promises_);
}

void Workload::open_store() {
  places_.clear();
  store_.reset();
  auto opened = store::open_sqlite_store(data_, options_);
  CHECK(opened.has_value());
  store_ = std::move(*opened);
}

void Workload::open(const std::string& name) {
  Promise& promise = promises_[name];
  promise.begun = true;
  promise.due_after.reset();
  note();
  auto journal = store_->open(name, random_.next());
  CHECK(journal.has_value());
  CHECK((*journal)->state().epoch > promise.epoch);
  promise.epoch = (*journal)->state().epoch;
  promise.due_before.reset();
  note();
  auto& states = ledger_.states[name];
  if (states.empty()) states.push_back(dump(**journal));
  places_[name] = std::make_unique<Place>(Place{name, std::move(*journal)});
}

void Workload::rest(const std::string& name) {
  close(name);
  Promise& promise = promises_[name];
  promise.due_after = random_.one_in(4) ? store::kNothingDue : base::Timestamp{now_ms_ + random_.range(0, 10'000)};
  note();
  CHECK(store_->rest(name, *promise.due_after).has_value());
  promise.due_before = promise.due_after;
  note();
}

template <typename Transaction>
void Workload::transact(Place& place, Transaction transaction) {
  Promise& promise = promises_[place.name];
  ++promise.begun_transactions;
  note();
  transaction();
  promise.acknowledged = promise.begun_transactions;
  note();
  ledger_.states[place.name].push_back(dump(*place.journal));
}

std::string Workload::text(std::size_t bytes_max) {
  // Sometimes over several pages, mostly short.
  const std::size_t bytes = random_.one_in(6) ? random_.below(bytes_max) : random_.below(200);
  std::string out = "\"";
  while (out.size() < bytes) out += std::to_string(random_.next());
  return out + '"';
}

void Workload::add_event(Place& place, store::Batch& batch) {
  auto& live = live_[place.name];
  store::EventRow event;
  event.position = place.journal->state().head + batch.events.size() + 1;
  event.time = {now_ms_ += random_.range(0, 50)};
  event.data = text(500);
  event.metadata = "{}";
  if (random_.one_in(3)) event.tags = {"worker:w" + std::to_string(random_.below(5))};
  store::EntityPut put;
  put.kind = "task";
  put.body = text(2'000);
  const bool ends = live.size() > 5 && random_.percent(45);
  if (ends) {
    const std::size_t which = random_.below(live.size());
    put.id = live[which];
    live.erase(live.begin() + static_cast<std::ptrdiff_t>(which));
    event.type = "TASK.COMPLETED.SUCCESS";
    put.ended = store::EndedInfo{event.position, event.time, "completed", "default", "build"};
  } else {
    put.id = "t" + std::to_string(next_id_++);
    put.document = event.position;
    event.type = "TASK.SUBMITTED.SUCCESS";
  }
  event.entity = "task:" + put.id;
  batch.documents.push_back({event.position, ends ? "" : text(300), text(30'000)});
  if (random_.one_in(4)) batch.logs.push_back({put.id, {{0, event.time, 1, text(3'000)}}});
  batch.events.push_back(std::move(event));
  batch.puts.push_back(std::move(put));
}

store::Batch Workload::next_batch(Place& place) {
  store::Batch batch;
  batch.epoch = place.journal->state().epoch;
  for (std::size_t events = 1 + random_.below(4); events > 0; --events) add_event(place, batch);
  for (const auto& put : batch.puts) {
    if (!put.ended) live_[place.name].push_back(put.id);
  }
  if (random_.one_in(3)) {
    batch.idempotency.push_back({"k" + std::to_string(random_.below(30)), "f", 200, text(400), {now_ms_ + 2'000}});
  }
  if (random_.one_in(5)) batch.puts.push_back({.kind = "worker", .id = "w1", .body = text(100)});
  if (random_.one_in(9)) batch.deletes.push_back({"worker", "w2"});
  return batch;
}

void Workload::commit(Place& place) {
  const store::Batch batch = next_batch(place);
  transact(place, [&] { CHECK(place.journal->commit(batch).has_value()); });
}

// Written in chunks, each of them durable by itself, and referred to by a task's commit.
void Workload::keep_blob(Place& place) {
  const std::string blob = "blob" + std::to_string(next_blob_++);
  CHECK(next_blob_ <= kBlobsMax);
  const std::string content = text(20'000);
  const std::size_t step = content.size() / 3 + 1;
  for (std::size_t at = 0; at < content.size(); at += step) {
    const auto chunk = std::string_view(content).substr(at, step);
    transact(place, [&] { CHECK(place.journal->append({blob, at, chunk, {now_ms_}}).has_value()); });
  }
  if (random_.one_in(4)) return;  // Its writer gave up.
  store::Batch batch = next_batch(place);
  const auto& entity = batch.puts.front();
  batch.blobs.push_back({blob, content.size(), {entity.kind, entity.id}});
  transact(place, [&] { CHECK(place.journal->commit(batch).has_value()); });
}

void Workload::break_device(Afterwards afterwards) {
  Place& place = *places_.at(kFirst);
  Promise& promise = promises_[kFirst];
  const store::Batch batch = next_batch(place);
  const Act act = random_.percent(50) ? Act::kWrite : Act::kSync;
  recording_.fail(act, ".db-wal", 0, 1);
  ++promise.begun_transactions;
  note();
  CHECK(place.journal->commit(batch).error().code == base::ErrorCode::kIoError);
  recording_.heal();
  const store::JournalState last = place.journal->state();
  close(kFirst);
  if (afterwards == Afterwards::kRecover) {
    CHECK(store_->recover(kFirst, last).has_value());
  } else {
    open_store();
  }
  for (const auto& [name, known] : Promises(promises_)) {
    if (!places_.contains(name)) open(name);
  }
  // The failed commit is there or not; from here on that is known.
  auto& states = ledger_.states[kFirst];
  const std::string now = dump(*places_.at(kFirst)->journal);
  if (now == states.back()) {
    --promise.begun_transactions;
    for (const auto& put : batch.puts) std::erase(live_[kFirst], put.id);
  } else {
    states.push_back(now);
    promise.acknowledged = promise.begun_transactions;
  }
  note();
}

void Workload::retain(Place& place) {
  store::RetentionLimits limits;
  limits.now = {now_ms_};
  limits.ended_before = {now_ms_ - random_.range(0, 1'000)};
  limits.idempotency_keys_max = 10;
  limits.rows_max = 20;
  limits.blobs_before = {now_ms_ - random_.range(0, 1'000)};
  transact(place, [&] { CHECK(place.journal->retain(limits).has_value()); });
}

void Workload::step(Place& place) {
  const auto n = random_.below(100);
  if (n < 78) {
    commit(place);
  } else if (n < 84) {
    keep_blob(place);
  } else if (n < 91) {
    retain(place);
  } else if (n < 94) {
    CHECK(place.journal->probe().has_value());
  } else {
    const std::string name = place.name;
    if (random_.percent(60)) {
      rest(name);
      if (name == kSecond) return;  // For some time.
    } else {
      close(name);
    }
    open(name);
  }
}

void Workload::run(int steps) {
  for (int i = 0; i < steps; ++i) {
    const bool opens_second = i == steps / 3 || (i > steps / 3 && random_.one_in(4));
    if (opens_second && !places_.contains(kSecond)) open(kSecond);
    if (i == steps / 2) {
      open_store();
      for (const auto& [name, promise] : Promises(promises_)) open(name);
    }
    step(*places_.at(places_.size() > 1 && random_.one_in(4) ? kSecond : kFirst));
  }
}

}  // namespace arbiter::power
