// What must hold whenever everything that was due is done: nothing is overlooked, nothing is forgotten.
#pragma once

#include "clients.h"
#include "model.h"
#include "outside.h"
#include "world.h"

namespace arbiter::sim {

class Rest {
 public:
  Rest(Model& model, const Outside& outside, World& world, const Clients& clients, const Setup& setup, Verdict& verdict)
      : model_(model),
        outside_(outside),
        world_(world),
        clients_(clients),
        limits_(setup.limits),
        may_queue_(setup.engine_limits.batch_events_max < 2'000),
        verdict_(verdict) {}

  void check();
  // Of a namespace that was closed: nothing was due in the meantime.
  void check_nothing_missed();

 private:
  void check_task(const TaskModel& task);
  void check_pending(const TaskModel& task);
  void check_lease(const TaskModel& task);
  void check_due(const std::string& name, const ScheduleModel& schedule);
  void check_schedule(const std::string& name, const ScheduleModel& schedule);
  void check_worker(const std::string& id, const WorkerModel& worker);
  void check_waiting_workers();
  void check_listeners();
  void check_owed();
  void check_indexes();
  void check_gates();
  void check_budgets();
  void check_logs();
  void check_effects();
  [[nodiscard]] std::int64_t kept_for_others() const;
  [[nodiscard]] std::int64_t windows_kept() const;
  // The latest time at which `worker` may have shown that it lives; never over, while a request of its waits.
  [[nodiscard]] std::int64_t last_alive(const std::string& worker) const;
  [[nodiscard]] std::int64_t slack(std::int64_t since) const { return 2 * world_.stalled(since, now_) + 3'000; }

  Model& model_;
  const Outside& outside_;
  World& world_;
  const Clients& clients_;
  const core::CoreLimits& limits_;
  const bool may_queue_;
  Verdict& verdict_;
  std::int64_t now_ = 0;
  std::int64_t wall_ = 0;  // what the engine must have noticed of the wall clock
};

}  // namespace arbiter::sim
