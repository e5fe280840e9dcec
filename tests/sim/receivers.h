// Whom effects reach: they take what they are told, refuse it, hang, answer late or twice, or their answer is lost.
// What they heard stays when the process dies; their answers on the way to it do not.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/effect.h"
#include "random.h"

namespace arbiter::sim {

class Receivers {
 public:
  explicit Receivers(Random& random) : random_(random) {}

  // An attempt begins. False: this attempt was made before, or its id stands for something else.
  [[nodiscard]] bool tell(const core::EffectOrder& order, std::int64_t now);
  // The next answer that has come by now.
  [[nodiscard]] std::optional<core::SettleEffect> answer(std::int64_t now);
  [[nodiscard]] std::size_t answers_due(std::int64_t now) const;
  [[nodiscard]] std::int64_t next_answer() const;
  void process_died();
  // From now on they take what they are told at once.
  void behave() { is_kind_ = true; }

  // What they said to an attempt, whether or not it was heard.
  [[nodiscard]] bool took(const std::string& id, std::int64_t attempt) const { return taken_.contains({id, attempt}); }
  [[nodiscard]] bool refused(const std::string& id, std::int64_t attempt) const {
    return refused_.contains({id, attempt});
  }

 private:
  struct Pending {
    std::int64_t at = 0;
    core::SettleEffect settle;
  };
  using Attempt = std::pair<std::string, std::int64_t>;

  Random& random_;
  bool is_kind_ = false;
  std::vector<Pending> pending_;
  std::set<Attempt> taken_, refused_, told_;
  std::map<std::string, std::string> meanings_;  // of each id: notifier, cause, event
};

}  // namespace arbiter::sim
