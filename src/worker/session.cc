#include "worker/session.h"

namespace arbiter::worker {
namespace {

using base::ErrorCode;

constexpr int kBackoffFirstMs = 100;
constexpr int kBackoffLastMs = 5'000;
constexpr int kRepeatedNewsMs = 500;

}  // namespace

bool is_passing(const base::Error& error) {
  const int exit_code = base::info(error.code).exit_code;
  return exit_code == 6 || exit_code == 7 || error.code == ErrorCode::kIoError;
}

void add_session(json::object& body, std::optional<std::int64_t> number) {
  if (number) body["session"] = *number;
}

std::optional<std::int64_t> Session::number() const {
  const std::lock_guard guard(mutex_);
  return number_;
}

json::object Session::description() const {
  json::object body{{"name", registration_.name},
                    {"capabilities", client::to_array(registration_.capabilities)},
                    {"maxConcurrent", registration_.max_concurrent}};
  if (!registration_.languages.empty()) body["languages"] = client::to_array(registration_.languages);
  if (!registration_.queues.empty()) body["queues"] = client::to_array(registration_.queues);
  if (!registration_.location.empty()) body["location"] = registration_.location;
  if (registration_.idle_ms > 0) body["idleMs"] = registration_.idle_ms;
  if (!registration_.labels.empty()) {
    json::object labels;
    for (const auto& [name, value] : registration_.labels) labels[name] = value;
    body["labels"] = std::move(labels);
  }
  return body;
}

Result<void> Session::open(client::Http& http, std::optional<std::int64_t> seen) {
  const std::lock_guard registering(registering_);
  if (number() != seen) return {};
  auto answer = http.post("/api/v1/workers", description(), {.timeout_ms = 10'000, .repeatable = true});
  if (!answer) return base::fail(answer.error());
  const auto* object = answer->if_object();
  const auto* session = object ? object->if_contains("session") : nullptr;
  if (!session || !session->is_int64()) {
    return base::fail({ErrorCode::kInternal, "The server's answer to the registration has no session."});
  }
  const std::lock_guard guard(mutex_);
  number_ = session->get_int64();
  const auto* leases = object->if_contains("leases");
  for (std::size_t i = 0; leases && leases->is_array() && i < leases->get_array().size(); ++i) {
    auto leased = read_leased(leases->get_array()[i]);
    if (!held_.contains(leased.lease)) inbox_.put({Notice::Kind::kInherited, std::move(leased), {}, {}});
  }
  return {};
}

int Session::free_slots() const {
  if (!leasing_ || stopped_) return 0;
  const auto taken = std::count_if(held_.begin(), held_.end(), [this](const auto& entry) {
    return entry.second && !suspended_.contains(entry.first);
  });
  return std::max(0, registration_.max_concurrent - static_cast<int>(taken) - reserved_);
}

int Session::reserve(int max) {
  const std::lock_guard guard(mutex_);
  const int n = std::min(max, free_slots());
  reserved_ += n;
  return n;
}

int Session::wait_for_slots() {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [&] { return free_slots() > 0 || !leasing_ || stopped_; });
  const int n = std::min(free_slots(), 1'000);
  reserved_ += n;
  return n;
}

void Session::give_back(int reserved, const std::vector<Leased>& granted) {
  const std::lock_guard guard(mutex_);
  reserved_ -= reserved;
  for (const auto& leased : granted) {
    held_[leased.lease] = true;
    if (!leased.traceparent.empty()) traces_[leased.lease] = leased.traceparent;
  }
  changed_.notify_all();
}

void Session::hold(const std::string& lease) {
  const std::lock_guard guard(mutex_);
  held_[lease] = true;
}

void Session::finished(const std::string& lease) {
  const std::lock_guard guard(mutex_);
  if (const auto it = held_.find(lease); it != held_.end()) it->second = false;
  changed_.notify_all();
}

void Session::released(const std::string& lease) {
  const std::lock_guard guard(mutex_);
  held_.erase(lease);
  traces_.erase(lease);
  suspended_.erase(lease);
  changed_.notify_all();
}

std::vector<std::string> Session::suspended() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::string> out;
  for (const auto& [lease, stands_still] : suspended_) out.push_back(lease);
  return out;
}

// What the server says is all there is: programs that it does not name go on.
void Session::note_suspended(const json::array& leases) {
  const std::lock_guard guard(mutex_);
  std::map<std::string, bool> present;
  for (const auto& entry : leases) {
    const auto* stop = entry.is_object() ? entry.get_object().if_contains("stop") : nullptr;
    const auto leased = read_leased(entry);
    if (held_.contains(leased.lease)) present[leased.lease] = stop && stop->is_bool() && stop->get_bool();
  }
  const auto stands_still = [](const std::map<std::string, bool>& in, const std::string& lease) {
    const auto found = in.find(lease);
    return found != in.end() && found->second;
  };
  for (const auto& [lease, takes_slot] : held_) {
    const bool before = stands_still(suspended_, lease);
    const bool now = stands_still(present, lease);
    if (before != now) inbox_.put({now ? Notice::Kind::kSuspended : Notice::Kind::kResumed, {}, lease, {}});
  }
  if (suspended_ == present) return;
  suspended_ = std::move(present);
  changed_.notify_all();
}

std::string Session::traceparent(const std::string& lease) const {
  const std::lock_guard guard(mutex_);
  const auto found = traces_.find(lease);
  return found == traces_.end() ? std::string() : found->second;
}

std::vector<std::string> Session::held() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::string> out;
  out.reserve(held_.size());
  for (const auto& [lease, takes_slot] : held_) out.push_back(lease);
  return out;
}

void Session::stop_leasing() {
  const std::lock_guard guard(mutex_);
  leasing_ = false;
  changed_.notify_all();
}

bool Session::leasing() const {
  const std::lock_guard guard(mutex_);
  return leasing_ && !stopped_;
}

void Session::stop() {
  const std::lock_guard guard(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool Session::stopped() const {
  const std::lock_guard guard(mutex_);
  return stopped_;
}

void Session::pause(int ms) {
  std::unique_lock guard(mutex_);
  changed_.wait_for(guard, std::chrono::milliseconds(ms), [&] { return stopped_; });
}

void Session::read_signals(const json::value& answer) {
  {
    const std::lock_guard guard(mutex_);
    if (std::exchange(away_, false)) inbox_.remark("the server is back");
  }
  const auto* object = answer.if_object();
  if (!object) return;
  const auto tell = [&](std::string_view list, Notice::Kind kind) {
    const auto* entries = object->if_contains(list);
    if (!entries || !entries->is_array()) return;
    for (const auto& entry : entries->get_array()) {
      if (auto leased = read_leased(entry); !leased.lease.empty()) inbox_.put({kind, {}, leased.lease, {}});
    }
  };
  tell("cancellations", Notice::Kind::kCancelled);
  tell("lost", Notice::Kind::kLost);
  if (const auto* suspended = object->if_contains("suspended"); suspended && suspended->is_array()) {
    note_suspended(suspended->get_array());
  }
  if (const auto* drain = object->if_contains("drain"); drain && drain->is_bool() && drain->get_bool()) {
    inbox_.put({Notice::Kind::kDrain, {}, {}, {}});
  }
}

void Session::remark_once(std::string text) {
  {
    const std::lock_guard guard(mutex_);
    if (away_) return;
    away_ = true;
  }
  inbox_.remark(std::move(text));
}

void Session::settle_down(const json::value& answer) {
  const auto* object = answer.if_object();
  for (const char* list : {"cancellations", "lost"}) {
    const auto* entries = object ? object->if_contains(list) : nullptr;
    if (entries && entries->is_array() && !entries->get_array().empty()) return pause(kRepeatedNewsMs);
  }
}

bool Session::recover(client::Http& http, const base::Error& error, std::optional<std::int64_t> seen,
                      std::string_view what, int& failures) {
  if (stopped() || http.cancelled()) return false;
  if (error.code == ErrorCode::kSessionReplaced) {
    inbox_.put({Notice::Kind::kReplaced, {}, {}, error.message});
    pause(kBackoffLastMs);
    return false;
  }
  if (error.code == ErrorCode::kUnknownWorker && registration_.capabilities.empty()) {
    for (const auto& lease : held()) inbox_.put({Notice::Kind::kLost, {}, lease, {}});
    return false;
  }
  if (error.code == ErrorCode::kUnknownWorker && open(http, seen)) {
    inbox_.remark("registered again: the server did not know this worker any more");
    return true;
  }
  const bool passing = is_passing(error) || error.code == ErrorCode::kUnknownWorker;
  if (passing) remark_once("the server is away; retrying (" + error.message + ")");
  if (!passing) inbox_.remark(std::string(what) + ": " + error.message);
  const int backoff = std::min(kBackoffLastMs, kBackoffFirstMs << std::min(failures++, 6));
  pause(std::max(backoff, std::min(error.retry_after_ms, kBackoffLastMs)));
  return passing;
}

}  // namespace arbiter::worker
