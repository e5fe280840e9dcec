#include "store/memory/memory_store.h"

#include "base/check.h"
#include "store/memory/memory_reader.h"
#include "store/memory/namespace_data.h"

namespace arbiter::store {
namespace {

using base::ErrorCode;
using base::fail;
using memory::Faults;
using memory::Namespace;

enum class Health { kGood, kInDoubt };

class MemoryJournal final : public Journal {
 public:
  MemoryJournal(std::shared_ptr<Namespace> data, std::shared_ptr<Faults> faults, const JournalState& state)
      : data_(std::move(data)), faults_(std::move(faults)), state_(state), reader_(data_) {}

  [[nodiscard]] JournalState state() const override { return state_; }

  [[nodiscard]] base::Result<void> append(const BlobChunk& chunk) override {
    if (auto healthy = check_health(); !healthy) return healthy;
    const std::lock_guard lock(data_->mutex);
    if (auto owner = check_owner(state_.epoch); !owner) return owner;
    return memory::append(*data_, chunk);
  }

  [[nodiscard]] base::Result<void> commit(const Batch& batch) override {
    if (auto healthy = check_health(); !healthy) return healthy;
    if (batch.empty()) return {};
    const Fault fault = next_fault(batch);
    const std::lock_guard lock(data_->mutex);
    if (fault == Fault::kFence) ++data_->state.epoch;
    if (auto owner = check_owner(batch.epoch); !owner) return owner;
    if (auto complete = memory::check_blobs(*data_, batch); !complete) return complete;
    auto outcome = refuse(fault);
    if (outcome || fault == Fault::kFailAfter || fault == Fault::kIoErrorAfter) write(batch);
    if (outcome) state_ = data_->state;
    return outcome;
  }

  [[nodiscard]] base::Result<void> load(const std::function<void(const LoadedEntity&)>& visit) override {
    if (auto device = check_device(); !device) return device;
    const std::lock_guard lock(data_->mutex);
    for (const auto& [key, entity] : data_->live) visit(loaded(key, entity));
    state_.head = data_->state.head;
    state_.last_time = data_->state.last_time;
    health_ = Health::kGood;
    return {};
  }

  [[nodiscard]] base::Result<void> load_idempotency(
      const std::function<void(const IdempotencyRecord&)>& visit) override {
    if (auto device = check_device(); !device) return device;
    const std::lock_guard lock(data_->mutex);
    for (const auto& [key, record] : data_->idempotency) visit(record);
    return {};
  }

  [[nodiscard]] base::Result<void> skip_to(Position head, Epoch epoch) override {
    if (auto device = check_device(); !device) return device;
    const std::lock_guard lock(data_->mutex);
    if (auto owner = check_owner(state_.epoch); !owner) return owner;
    CHECK(head > data_->state.head);
    CHECK(epoch > data_->state.epoch);
    data_->gaps[data_->state.head] = head;
    data_->state.head = head;
    data_->state.epoch = epoch;
    state_ = data_->state;
    return {};
  }

  [[nodiscard]] base::Result<void> probe() override {
    if (auto device = check_device(); !device) return device;
    {
      const std::lock_guard lock(faults_->mutex);
      if (faults_->no_space) return refuse(Fault::kNoSpace);
    }
    const std::lock_guard lock(data_->mutex);
    return check_owner(state_.epoch);
  }

  [[nodiscard]] base::Result<bool> retain(const RetentionLimits& limits) override {
    if (auto device = check_device(); !device) return fail(std::move(device.error()));
    const std::lock_guard lock(data_->mutex);
    if (auto owner = check_owner(state_.epoch); !owner) return fail(std::move(owner.error()));
    return memory::retain_step(*data_, limits);
  }

  [[nodiscard]] Reader& reader() override { return reader_; }

 private:
  [[nodiscard]] base::Result<void> check_device() const {
    const std::lock_guard lock(data_->mutex);
    if (!data_->device_failed) return {};
    return fail({ErrorCode::kIoError, "The device failed: nothing is written to it again."});
  }

  [[nodiscard]] base::Result<void> check_health() const {
    if (health_ != Health::kInDoubt) return check_device();
    return fail({ErrorCode::kUnknown, "The outcome of an earlier commit is unknown: load again first."});
  }

  [[nodiscard]] base::Result<void> check_owner(Epoch epoch) const {
    if (data_->state.epoch == epoch) return {};
    return fail({ErrorCode::kFenced,
                 "A newer owner, of epoch " + std::to_string(data_->state.epoch) + ", has taken this namespace over."});
  }

  Fault next_fault(const Batch& batch) {
    FaultHook hook;
    {
      const std::lock_guard lock(faults_->mutex);
      if (faults_->no_space) return Fault::kNoSpace;
      hook = faults_->hook;
    }
    return hook ? hook(batch) : Fault::kNone;
  }

  base::Result<void> refuse(Fault fault) {
    switch (fault) {
      case Fault::kNone:
      case Fault::kFence:
        return {};
      case Fault::kFailBefore:
      case Fault::kFailAfter:
        health_ = Health::kInDoubt;
        return fail({ErrorCode::kUnknown, "The connection broke during the commit."});
      case Fault::kNoSpace:
        return fail({ErrorCode::kNoSpace, "No space is left."});
      case Fault::kIoError:
      case Fault::kIoErrorAfter:
        data_->device_failed = true;
        return fail({ErrorCode::kIoError, "The device failed."});
    }
    return {};
  }

  void write(const Batch& batch) {
    Position head = data_->state.head;
    for (const auto& event : batch.events) CHECK(event.position == ++head);
    memory::apply(*data_, batch);
  }

  LoadedEntity loaded(const EntityKey& key, const memory::LiveEntity& entity) const {
    LoadedEntity out{.kind = key.kind,
                     .id = key.id,
                     .body = entity.body,
                     .document = entity.document,
                     .spec = {},
                     .document_body = {}};
    const auto document = data_->documents.find(entity.document);
    if (document == data_->documents.end()) return out;
    out.spec = document->second.spec;
    out.document_bytes = document->second.body.size();
    if (out.document_bytes <= kDocumentInlineBytesMax) out.document_body = document->second.body;
    return out;
  }

  std::shared_ptr<Namespace> data_;
  std::shared_ptr<Faults> faults_;
  JournalState state_;
  Health health_ = Health::kGood;
  memory::MemoryReader reader_;
};

}  // namespace

MemoryStore::MemoryStore() : faults_(std::make_shared<Faults>()) {}
MemoryStore::~MemoryStore() = default;

void MemoryStore::set_fault_hook(FaultHook hook) {
  const std::lock_guard lock(faults_->mutex);
  faults_->hook = std::move(hook);
}

void MemoryStore::set_no_space(bool no_space) {
  const std::lock_guard lock(faults_->mutex);
  faults_->no_space = no_space;
}

void MemoryStore::set_recovery_hook(std::function<base::Result<void>()> hook) {
  const std::lock_guard lock(faults_->mutex);
  faults_->recovery = std::move(hook);
}

void MemoryStore::restart() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, data] : namespaces_) {
    const std::lock_guard data_lock(data->mutex);
    data->device_failed = false;
  }
}

base::Result<std::string> MemoryStore::recover(const std::string& name, const JournalState& last) {
  {
    const std::lock_guard lock(faults_->mutex);
    if (faults_->recovery) {
      if (auto outcome = faults_->recovery(); !outcome) return fail(std::move(outcome.error()));
    }
  }
  const std::lock_guard lock(mutex_);
  auto& data = *namespaces_.at(name);
  const std::lock_guard data_lock(data.mutex);
  if (last.epoch != 0 && data.state.epoch > last.epoch) {
    return fail({ErrorCode::kFenced,
                 "A newer owner, of epoch " + std::to_string(data.state.epoch) + ", has taken this namespace over."});
  }
  if (data.state.epoch < last.epoch || data.state.head < last.head) {
    return fail({ErrorCode::kIoError, "Not everything that was committed is there."});
  }
  data.device_failed = false;
  return std::string();
}

base::Result<std::unique_ptr<Journal>> MemoryStore::open(const std::string& name, std::uint64_t seed) {
  if (!base::is_name(name)) return fail({ErrorCode::kInvalidRequest, "This is no name of a namespace: " + name});
  const std::lock_guard lock(mutex_);
  resting_.erase(name);
  auto& data = namespaces_[name];
  if (!data) {
    data = std::make_shared<Namespace>();
    data->state.seed = seed;
  }
  const std::lock_guard data_lock(data->mutex);
  if (data->device_failed) return fail({ErrorCode::kIoError, "The device failed: it has to be recovered first."});
  ++data->state.epoch;
  return std::make_unique<MemoryJournal>(data, faults_, data->state);
}

base::Result<void> MemoryStore::rest(const std::string& name, base::Timestamp due) {
  const std::lock_guard lock(mutex_);
  resting_[name] = due;
  return {};
}

base::Result<std::vector<Resting>> MemoryStore::resting() {
  const std::lock_guard lock(mutex_);
  std::vector<Resting> all;
  for (const auto& [name, due] : resting_) all.push_back({name, due});
  return all;
}

}  // namespace arbiter::store
