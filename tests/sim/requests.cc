// The requests that Clients make up.
#include "clients.h"
#include "schedules.h"

namespace arbiter::sim {

core::Name Clients::worker() {
  core::Name name("w" + std::to_string(1 + random_.below(5)));
  if (random_.one_in(60)) name = core::Name("stranger");
  worker_now_ = name.value;
  return name;
}

std::optional<std::int64_t> Clients::session(const core::Name& name) {
  if (!random_.percent(40)) return std::nullopt;
  const auto known = sessions_.find(name.value);
  if (known == sessions_.end()) return std::nullopt;
  return random_.percent(93) ? known->second : known->second - 1;
}

core::Int<0, 60'000> Clients::wait(std::int64_t percent) {
  return random_.percent(percent) ? random_.range(1, random_.percent(80) ? 5'000 : 60'000) : 0;
}

// A lease that somebody got once; mostly a recent one. Sometimes with the number of another, or of none.
Clients::Held Clients::held() {
  if (held_.empty()) return {specs_.any_id(), core::LeaseText(std::to_string(1 + random_.below(500))), ""};
  const std::size_t recent = random_.percent(85) ? std::min<std::size_t>(10, held_.size()) : held_.size();
  Held h = held_[held_.size() - 1 - random_.below(recent)];
  if (random_.one_in(30)) h.lease = held_[random_.below(held_.size())].lease;
  if (random_.one_in(60)) h.lease = core::LeaseText(std::to_string(1 + random_.below(2'000)));
  worker_now_ = h.worker;
  return h;
}

core::Command Clients::anything() {
  if (!to_register_.empty() && random_.percent(60)) return registration();
  struct Choice {
    int weight;
    core::Command (Clients::*make)();
  };
  static constexpr std::array<Choice, 26> kChoices{
      {{13, &Clients::submit},     {7, &Clients::batch},         {2, &Clients::bad_batch},
       {6, &Clients::get},         {3, &Clients::look},          {2, &Clients::graph},
       {2, &Clients::bulk},        {16, &Clients::lease},        {6, &Clients::report},
       {9, &Clients::under_lease}, {14, &Clients::outcome},      {3, &Clients::registration},
       {7, &Clients::heartbeat},   {2, &Clients::worker_change}, {3, &Clients::queue_change},
       {7, &Clients::schedule},    {3, &Clients::key_change},    {2, &Clients::catalogue},
       {3, &Clients::token},       {2, &Clients::task_type},     {5, &Clients::person},
       {5, &Clients::question},    {2, &Clients::incident},      {3, &Clients::inbox},
       {6, &Clients::budget},      {2, &Clients::effect}}};
  static constexpr int kSum = [] {
    int sum = 0;
    for (const auto& c : kChoices) sum += c.weight;
    return sum;
  }();
  auto n = static_cast<int>(random_.below(static_cast<std::size_t>(kSum)));
  for (const auto& c : kChoices) {
    if ((n -= c.weight) < 0) return (this->*c.make)();
  }
  return core::ListQueues{};
}

// ---- tasks ----------------------------------------------------------------------------------------------------

// The same definition again, or another one under its id.
core::TaskSpec Clients::again(const core::TaskSpec& spec, bool other) {
  core::TaskSpec copy = spec;
  if (other) copy.priority = core::Priority{copy.priority.value % 10 + 1};
  return copy;
}

core::Command Clients::submit() {
  if (!specs_.own.empty() && random_.percent(15)) {
    auto it = specs_.own.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(random_.below(specs_.own.size())));
    return core::SubmitTask{again(it->second, random_.percent(30))};
  }
  core::SubmitTask c{specs_.make(number_, 0, world_.peek().wall.ms, {})};
  if (random_.percent(60)) {
    c.id = specs_.new_id();
    if (random_.percent(30)) specs_.learn(c.id->value);
  }
  if (random_.percent(5)) {
    specs_.spoil(c);
    bad_now_ = true;
  } else if (c.id) {
    specs_.own.emplace(c.id->value, c);
  }
  return c;
}

core::Command Clients::batch() {
  core::SubmitBatch c;
  const std::size_t size = random_.one_in(15) ? 40 : 1 + random_.below(8);
  const bool named = random_.percent(60);
  std::vector<core::Name> ids;
  for (std::size_t i = 0; i < size && named; ++i) ids.push_back(specs_.new_id());
  for (std::size_t i = 0; i < size; ++i) {
    // Only later ones of the batch are named, and then the order is mixed: no cycle comes of it.
    const std::vector<core::Name> later(ids.begin() + static_cast<std::ptrdiff_t>(named ? i + 1 : 0), ids.end());
    core::TaskSpec spec = specs_.make(number_, i, world_.peek().wall.ms, later);
    if (named) spec.id = ids[i];
    c.tasks.push_back(std::move(spec));
  }
  for (std::size_t i = c.tasks.size(); i > 1; --i) std::swap(c.tasks[i - 1], c.tasks[random_.below(i)]);
  if (random_.percent(30)) {
    for (const auto& id : ids) specs_.learn(id.value);
  }
  if (!specs_.own.empty() && random_.percent(15)) {
    auto it = specs_.own.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(random_.below(specs_.own.size())));
    c.tasks.push_back(again(it->second, random_.percent(20)));
  }
  return c;
}

core::Command Clients::bad_batch() {
  bad_now_ = true;
  core::SubmitBatch c;
  const std::size_t size = 2 + random_.below(5);
  for (std::size_t i = 0; i < size; ++i) {
    core::TaskSpec spec = specs_.make(number_, i, world_.peek().wall.ms, {});
    spec.id = specs_.new_id();
    c.tasks.push_back(std::move(spec));
  }
  switch (random_.below(3)) {
    case 0:  // a cycle
      for (std::size_t i = 0; i < size; ++i) {
        c.tasks[i].depends_on.clear();
        c.tasks[i].depends_on.push_back(*c.tasks[(i + 1) % size].id);
      }
      break;
    case 1:  // an id used twice
      c.tasks.back().id = c.tasks.front().id;
      break;
    default:  // the last one is bad
      specs_.spoil(c.tasks.back());
      break;
  }
  return c;
}

core::Command Clients::get() {
  core::GetTask c{specs_.any_id(), {}};
  if (random_.percent(50)) c.wait_ms = wait(100);
  return c;
}

core::Command Clients::list() {
  core::ListTasks c;
  if (random_.percent(40)) c.queue = random_.pick(kQueues);
  if (random_.percent(30)) c.type = random_.pick(kTypes);
  if (random_.percent(30)) c.state.push_back(static_cast<TaskState>(random_.below(5)));
  if (random_.percent(20)) c.tag = "tag-1";
  if (random_.percent(30)) c.limit = random_.range(1, 20);
  if (random_.percent(20)) c.cursor = std::to_string(random_.range(1, 500));
  if (random_.percent(5)) {
    c.cursor = "not-a-cursor";
    bad_now_ = true;
  }
  return c;
}

core::Command Clients::look() {
  switch (random_.below(8)) {
    case 7:
      return core::ListCascades{};
    case 6:
      return snapshot();
    case 0:
      return core::ListWorkers{};
    case 1:
      return core::GetWorker{core::Name("w" + std::to_string(1 + random_.below(5)))};
    case 2:
      return core::ListQueues{};
    case 3:
      return core::GetQueue{random_.pick(kQueues)};
    default:
      return list();
  }
}

core::Command Clients::snapshot() {
  core::TakeSnapshot c;
  for (const auto part : {core::SnapshotPart::kTasks, core::SnapshotPart::kQueues, core::SnapshotPart::kWorkers,
                          core::SnapshotPart::kInbox}) {
    if (random_.percent(60)) c.parts.push_back(part);
  }
  if (random_.percent(30)) c.task = specs_.any_id();
  return c;
}

core::Command Clients::graph() {
  core::GetGraph c;
  if (random_.percent(60)) c.task_id = specs_.any_id();
  if (random_.percent(20)) c.limit = random_.range(1, 10);
  return c;
}

core::Command Clients::person() {
  if (random_.percent(45)) return core::RetryTask{specs_.any_id(), random_.percent(20)};
  core::CancelTask c{specs_.any_id(), {}};
  if (random_.percent(50)) c.reason = "not needed";
  return c;
}

core::Command Clients::bulk() {
  if (!bulks_.empty() && random_.percent(40)) {
    return core::GetBulk{core::Name(random_.percent(90) ? bulks_[random_.below(bulks_.size())] : "bulk-of-nobody")};
  }
  core::StartBulk c;
  c.action = random_.percent(60) ? core::BulkAction::kRetry : core::BulkAction::kCancel;
  if (random_.percent(50)) c.filter.queue = random_.pick(kQueues);
  if (random_.percent(40)) c.filter.type = random_.pick(kTypes);
  if (random_.percent(15)) c.filter.tag = "tag-0";
  const bool cancel = c.action == core::BulkAction::kCancel;
  if (random_.percent(20)) c.filter.state.push_back(cancel ? TaskState::kQueued : TaskState::kFailed);
  if (random_.percent(5)) {
    c.filter.state.push_back(TaskState::kCompleted);
    bad_now_ = true;
  }
  return c;
}

// ---- leases ---------------------------------------------------------------------------------------------------

core::Command Clients::lease() {
  core::LeaseTasks c;
  c.worker_id = worker();
  c.max = random_.percent(60) ? 1 : random_.range(1, kLeasesAtOnce);
  c.wait_ms = wait(40);
  c.lease_ms = random_.range(200, random_.percent(50) ? 5'000 : 30'000);
  c.start = random_.percent(80);
  if (random_.percent(15)) c.types.push_back(random_.pick(kTypes));
  if (random_.percent(15)) c.queues.push_back(random_.pick(kQueues));
  c.session = session(c.worker_id);
  return c;
}

core::Report Clients::outcome_of(const Held& h) {
  core::Report r;
  r.task_id = h.task;
  r.lease = h.lease;
  // The same lease mostly reports the same, so that repetitions occur by themselves.
  const std::uint64_t mood = base::mix(std::hash<std::string>{}(h.lease.value));
  const std::uint64_t n = (random_.percent(95) ? mood : random_.next()) % 100;
  if (n < 60) {
    r.outcome = core::Outcome::kCompleted;
    if (n < 45)
      r.result =
          json("{\"lease\":" + h.lease.value + (n < 8 ? ",\"r\":\"" + std::string(n * 40, 'r') + '"' : "") + '}');
    if (n < 10) r.quality_score = 0.5;
  } else if (n < 85) {
    r.outcome = core::Outcome::kFailed;
    r.error = core::TaskError{.message = "It did not work.", .code = "broken", .details = {}};
    r.retryable = n < 80;
  } else {
    r.outcome = core::Outcome::kReleased;
  }
  if (r.outcome != core::Outcome::kReleased && n % 3 != 0) r.usage = usage(mood);
  return r;
}

core::Command Clients::outcome() {
  const core::Report r = outcome_of(held());
  switch (r.outcome) {
    case core::Outcome::kCompleted:
      return core::CompleteTask{r.task_id, r.lease, r.result, r.quality_score, r.usage};
    case core::Outcome::kFailed:
      return core::FailTask{r.task_id, r.lease, *r.error, r.retryable, r.usage};
    case core::Outcome::kReleased:
      break;
  }
  return core::ReleaseTask{r.task_id, r.lease, {}};
}

// A task that rests, if one is held.
std::optional<Clients::Held> Clients::held_at_rest() {
  std::vector<const Held*> resting;
  for (const auto& h : held_) {
    const auto* task = model_.task(h.task.value);
    if (task != nullptr && task->now.state == TaskState::kSuspended) resting.push_back(&h);
  }
  if (resting.empty()) return std::nullopt;
  return *resting[random_.below(resting.size())];
}

// By its holder or by somebody else. Most rests end well, so that what follows them is seen too.
core::Command Clients::rest(const Held& recent) {
  const auto resting = random_.percent(85) ? held_at_rest() : std::nullopt;
  const Held& h = resting ? *resting : recent;
  std::optional<core::LeaseText> lease;
  if (random_.percent(50)) lease = h.lease;
  if (resting || random_.percent(20)) return core::ResumeTask{h.task, lease};
  core::SuspendTask c{h.task, lease, {}};
  if (random_.percent(50)) c.reason = "it waits for an answer";
  return c;
}

core::Command Clients::under_lease() {
  const Held h = held();
  if (random_.percent(25)) return rest(h);
  switch (random_.below(5)) {
    case 0:
      return core::StartTask{h.task, h.lease};
    case 1:
      return core::ReportProgress{h.task, h.lease, 50.0, core::Text<0, 1'024>("half way")};
    case 2: {
      core::AppendLog c{h.task, h.lease, {}};
      const std::size_t lines = 1 + random_.below(3);
      for (std::size_t i = 0; i < lines; ++i) {
        c.lines.emplace_back("line " + std::to_string(number_) + '.' + std::to_string(i) + '/' + std::to_string(lines));
      }
      return c;
    }
    case 3:
      if (random_.one_in(3)) return core::ReturnLeases{{{h.task, h.lease.value}}};
      return core::StartTask{h.task, h.lease};
    default: {
      core::ExtendLease c{h.task, h.lease, {}};
      if (random_.percent(60)) c.lease_ms = random_.range(100, 40'000);
      return c;
    }
  }
}

core::Command Clients::report() {
  core::ReportTasks c;
  const std::size_t reports = random_.below(4);
  for (std::size_t i = 0; i < reports; ++i) c.reports.push_back(outcome_of(held()));
  c.worker_id = worker();
  if (random_.percent(70)) {
    c.lease.emplace();
    c.lease->max = random_.range(1, 4);
    c.lease->wait_ms = wait(40);
    c.lease->lease_ms = random_.range(200, 20'000);
    c.lease->start = random_.percent(80);
  }
  c.session = session(c.worker_id);
  return c;
}

// ---- workers, queues, catalogue -------------------------------------------------------------------------------

core::Command Clients::registration() {
  core::RegisterWorker c;
  c.name = worker();
  if (!to_register_.empty()) {
    c.name = core::Name(std::exchange(to_register_, ""));
    worker_now_ = c.name->value;
  } else if (random_.one_in(10)) {
    c.name.reset();
    worker_now_.clear();
  }
  if (random_.percent(60)) {
    c.capabilities.emplace_back("*");
  } else {
    c.capabilities.emplace_back(random_.pick(kTypes).value);
  }
  c.capabilities.emplace_back(random_.pick(kTypes).value);
  if (random_.percent(60)) c.languages.push_back(random_.pick(kLanguages));
  if (random_.percent(50)) c.labels["zone"] = random_.percent(50) ? "a" : "b";
  if (random_.percent(15)) c.queues.push_back(random_.pick(kQueues));
  c.max_concurrent = random_.range(1, 8);
  if (random_.percent(25)) c.idle_ms = random_.range(100, 30'000);
  return c;
}

core::Command Clients::heartbeat() {
  core::Heartbeat c;
  c.id = worker();
  c.session = session(c.id);
  c.wait_ms = wait(30);
  if (random_.percent(25)) {
    c.leases.emplace();
    for (const auto& h : held_) {
      if (h.worker == c.id.value && random_.percent(80)) c.leases->push_back(h.lease);
    }
  }
  if (random_.percent(40)) {
    c.suspended.emplace();
    for (const auto& [number, id] : model_.workers[c.id.value].leases) {
      const bool rests = model_.task(id)->now.state == TaskState::kSuspended;
      if (rests && random_.percent(90)) c.suspended->emplace_back(std::to_string(number));
    }
  }
  return c;
}

core::Command Clients::worker_change() {
  if (random_.percent(60)) return core::DrainWorker{worker()};
  return core::DeregisterWorker{worker()};
}

core::Command Clients::queue_change() {
  const core::Name name = random_.pick(kQueues);
  if (random_.one_in(12)) return core::DrainQueue{name, {}};
  switch (random_.below(5)) {
    case 0: {
      core::ConfigureQueue c{.name = name};
      if (random_.percent(80)) c.max_depth = random_.percent(60) ? 0 : random_.range(5, 60);
      if (random_.percent(40)) c.concurrency = random_.percent(50) ? 0 : random_.range(1, 8);
      if (random_.percent(40)) c.rate = rate();
      if (random_.percent(40)) c.key_limits = core::KeyLimits{random_.range(0, 3), rate(), random_.range(1, 3)};
      return c;
    }
    case 1:
      return pause<core::PauseQueue>(name);
    default:
      return core::ResumeQueue{name};
  }
}

core::Command Clients::schedule() {
  const core::Name name("schedule-" + std::to_string(1 + random_.below(4)));
  const std::int64_t n = random_.range(0, 99);
  if (n < 45) {
    core::SetSchedule c{make_schedule(random_, world_.peek().wall.ms), name};
    bad_now_ = random_.percent(8);
    if (bad_now_) spoil(c, random_);
    return c;
  }
  if (n < 57) return core::RunSchedule{name};
  if (n < 67) return core::PauseSchedule{name};
  if (n < 80) return core::ResumeSchedule{name};
  if (n < 86) return core::DeleteSchedule{name};
  if (n < 95) return core::GetSchedule{name, random_.range(0, 5)};
  return core::ListSchedules{random_.range(1, 3), {}};
}

// Defaults and schemas that some of our payloads and results fit.
core::Command Clients::task_type() {
  const core::Name name = random_.pick(kTypes);
  const std::int64_t n = random_.range(0, 99);
  if (n < 12) return core::GetTaskType{name};
  if (n < 20) return core::ListTaskTypes{};
  if (n < 55) return core::DeleteTaskType{name};
  core::SetTaskType c;
  c.name = name;
  if (random_.percent(40)) c.defaults.queue = random_.pick(kQueues);
  if (random_.percent(30)) c.defaults.priority = core::Priority{random_.range(1, 10)};
  if (random_.percent(30)) c.defaults.timeout_ms = random_.range(100, 20'000);
  if (random_.percent(30)) {
    c.defaults.retry.emplace();
    c.defaults.retry->max_attempts = random_.range(1, 4);
    c.defaults.retry->backoff_ms = random_.range(0, 2'000);
    c.defaults.retry->max_backoff_ms = 4'000;
  }
  if (random_.percent(30)) c.payload_schema = json(kPayloadSchema);
  if (random_.percent(30)) c.result_schema = json(kResultSchema);
  bad_now_ = random_.percent(8);
  if (bad_now_) c.payload_schema = json(R"({"$ref":"#"})");
  return c;
}

core::RateLimit Clients::rate() {
  if (random_.percent(50)) return {};
  return {random_.range(1, 5), random_.range(100, 3'000), random_.range(1, 3)};
}

template <typename Pause>
Pause Clients::pause(const core::Name& name) {
  Pause c{.name = name};
  const std::int64_t wall = world_.peek().wall.ms;
  switch (random_.below(3)) {
    case 0:
      c.for_ms = random_.range(1, 20'000);
      break;
    case 1:
      c.until = core::Timestamp{wall + random_.range(random_.one_in(8) ? -1'000 : 60'000, 90'000)};
      break;
    default:
      break;
  }
  return c;
}

core::Command Clients::key_change() {
  const core::Name name = random_.pick(kKeys);
  switch (random_.below(7)) {
    case 0:
      return core::ListKeys{};
    case 1:
      return core::GetKey{name};
    case 2: {
      core::ConfigureKey c{.name = name};
      if (random_.percent(60)) c.concurrency = random_.range(0, 4);
      if (random_.percent(60)) c.rate = rate();
      if (random_.percent(60)) c.weight = random_.range(1, 4);
      return c;
    }
    case 3:
      return pause<core::PauseKey>(name);
    default:
      return core::ResumeKey{name};
  }
}

core::Command Clients::effect() {
  core::Name id("effect_of_nobody");
  if (!model_.effects.empty() && random_.percent(95)) {
    const std::size_t last = std::min<std::size_t>(model_.effects.size(), 20);
    id = core::Name(std::prev(model_.effects.end(), static_cast<std::ptrdiff_t>(1 + random_.below(last)))->first);
  }
  switch (random_.below(5)) {
    case 0: {
      core::ListEffects c;
      c.limit = random_.range(1, 20);
      if (random_.percent(40)) c.state = {core::EffectState::kGivenUp, core::EffectState::kWaiting};
      return c;
    }
    case 1:
      return core::GetEffect{id};
    case 2:
      return core::TestNotifier{core::Name("notifier-" + std::to_string(random_.below(2)))};
    default:
      return core::RetryEffect{id};
  }
}

core::Command Clients::catalogue() {
  const std::string n = std::to_string(random_.below(4));
  switch (random_.below(5)) {
    case 0:
      if (random_.one_in(5)) {
        bad_now_ = true;
        return core::CreateNamespace{core::Name("system")};
      }
      return core::CreateNamespace{core::Name("team-" + n)};
    case 1:
      return core::ListNamespaces{};
    case 2:
      return core::AddToken{"hash-" + n, "somebody"};
    case 3:
      return core::FindToken{some_token()};
    default:
      return core::RecordLifecycle{random_.percent(50)   ? "STARTED"
                                   : random_.percent(70) ? "STOPPED"
                                                         : "RESTORED",
                                   "number " + std::to_string(number_)};
  }
}

// The hash of one that was asked for, sometime.
std::string Clients::some_token() {
  if (token_hashes_.empty() || random_.percent(30)) return "hash-" + std::to_string(random_.below(4));
  return token_hashes_[random_.below(token_hashes_.size())];
}

core::Command Clients::token() {
  const core::Name name(random_.percent(70) ? "ci-" + std::to_string(random_.below(3)) : "somebody");
  switch (random_.below(8)) {
    case 0:
    case 1:
    case 2: {
      core::CreateToken c{{name}, "made-" + std::to_string(number_)};
      const std::int64_t wall = world_.peek().wall.ms;
      if (random_.percent(30)) c.token.expires_at = core::Timestamp{wall + random_.range(-1'000, 90'000)};
      if (random_.percent(30)) c.token.expires_in_ms = random_.range(1'000, 30'000);
      bad_now_ = c.token.expires_at && c.token.expires_in_ms;
      if (token_hashes_.size() == kTokensKnown) token_hashes_.pop_front();
      token_hashes_.push_back(c.hash);
      return c;
    }
    case 3:
      return core::ListTokens{random_.range(1, 5), {}};
    case 4:
      return core::FindToken{some_token()};
    case 5: {
      core::NoteTokenUses c;
      const std::int64_t wall = world_.peek().wall.ms;
      for (int i = 0; i < 3; ++i) c.uses.push_back({some_token(), {wall - random_.range(0, 5'000)}});
      return c;
    }
    default:
      return core::RevokeToken{random_.percent(80) ? name : core::Name("tok_" + some_token())};
  }
}

}  // namespace arbiter::sim
