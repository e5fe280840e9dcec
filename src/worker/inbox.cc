#include "worker/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"

namespace arbiter::worker {
namespace {

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

std::int64_t number_at(const json::object& object, std::string_view key, std::int64_t otherwise) {
  const auto* value = object.if_contains(key);
  return value && value->is_int64() ? value->get_int64() : otherwise;
}

}  // namespace

Leased read_leased(const json::value& view) {
  Leased leased;
  const auto* object = view.if_object();
  if (!object) return leased;
  leased.lease = text_at(*object, "lease");
  leased.attempt = number_at(*object, "attempt", 1);
  const auto* task = object->if_contains("task");
  if (!task || !task->is_object()) return leased;
  leased.task_id = text_at(task->get_object(), "id");
  leased.type = text_at(task->get_object(), "type");
  leased.traceparent = text_at(*object, "traceparent");
  if (leased.traceparent.empty()) leased.traceparent = text_at(task->get_object(), "traceparent");
  leased.timeout_ms = number_at(task->get_object(), "timeoutMs", 0);
  if (const auto* payload = task->get_object().if_contains("payload")) leased.payload = *payload;
  return leased;
}

Inbox::Inbox() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { CHECK(fd_ >= 0); }

Inbox::~Inbox() { ::close(fd_); }

void Inbox::put(Notice notice) {
  const std::lock_guard guard(mutex_);
  notices_.push_back(std::move(notice));
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(fd_, &one, sizeof one);
}

std::vector<Notice> Inbox::take() {
  const std::lock_guard guard(mutex_);
  std::uint64_t count = 0;
  [[maybe_unused]] const auto n = ::read(fd_, &count, sizeof count);
  return std::exchange(notices_, {});
}

}  // namespace arbiter::worker
