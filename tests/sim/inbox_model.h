// The naive picture of what waits for a human: questions, incidents and dead tasks, made from the log alone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/events.h"
#include "history.h"

namespace arbiter::sim {

struct QuestionFacts {
  core::QuestionState state = core::QuestionState::kOpen;
  std::string answer;
  friend bool operator==(const QuestionFacts&, const QuestionFacts&) = default;
};
struct QuestionModel {
  core::QuestionAsked asked;
  Position position = 0;
  QuestionFacts now;
  History<QuestionFacts> history;
  [[nodiscard]] bool open() const { return now.state == core::QuestionState::kOpen; }
};

struct IncidentFacts {
  core::IncidentState state = core::IncidentState::kOpen;
  std::int64_t count = 1;
  friend bool operator==(const IncidentFacts&, const IncidentFacts&) = default;
};
struct IncidentModel {
  core::IncidentOpened opened;
  IncidentFacts now;
  History<IncidentFacts> history;
};

// When something happened to a name; for the rules that open incidents.
struct Happened {
  std::string name;
  std::int64_t at = 0;
};

struct InboxModel {
  std::map<std::string, QuestionModel, std::less<>> questions;
  std::map<std::string, IncidentModel, std::less<>> incidents;
  std::map<std::string, std::string, std::less<>> unresolved;         // by cause
  std::map<std::string, History<bool>, std::less<>> dead;             // tasks that wait for somebody
  std::map<std::string, History<std::string>, std::less<>> assigned;  // whom items belong to; "": nobody
  std::vector<Happened> deaths, losses;                               // of tasks by queue, of workers

  [[nodiscard]] std::size_t open_of(const std::string& task) const;
  [[nodiscard]] static std::int64_t count(const std::vector<Happened>& all, const std::string& name,
                                          std::int64_t since);

  void on(const core::QuestionAsked& e, const core::Event& event);
  void on(const core::QuestionAnswered& e, const core::Event& event);
  void on(const core::QuestionExpired& e, const core::Event& event);
  void on(const core::QuestionWithdrawn& e, const core::Event& event);
  void on(const core::IncidentOpened& e, const core::Event& event);
  void on(const core::IncidentRepeated& e, const core::Event& event);
  void on(const core::IncidentAcknowledged& e, const core::Event& event);
  void on(const core::IncidentResolved& e, const core::Event& event);
  void on(const core::InboxAssigned& e, const core::Event& event);
  void on(const core::InboxDismissed& e, const core::Event& event);

 private:
  void end(const std::string& id, QuestionFacts facts, const core::Event& event);
};

}  // namespace arbiter::sim
