// The end of a run: no more faults, workers for everything, and time. Every accepted task must come to its end, or say
// what it waits for.
#pragma once

#include <functional>

#include "clients.h"
#include "world.h"

namespace arbiter::sim {

class Drain {
 public:
  Drain(Random& random, World& world, Model& model, Clients& clients, Verdict& verdict)
      : random_(random), world_(world), model_(model), clients_(clients), verdict_(verdict) {}

  void run(const std::function<void()>& rest);

 private:
  void open_everything();
  void work_round();
  void pass_time();
  [[nodiscard]] std::vector<const TaskModel*> unfinished() const;
  void check_named();
  [[nodiscard]] std::size_t open_effects() const;
  void deliver();

  Random& random_;
  World& world_;
  Model& model_;
  Clients& clients_;
  Verdict& verdict_;
};

}  // namespace arbiter::sim
