// arbiter budget set | list | show | raise | delete
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::fail;

std::string path_of(const std::string& name) { return "/api/v1/budgets/" + client::escape(name); }

// --tokens, --cost, --attempts: limits, or what they are raised by.
struct AmountFlags {
  std::string tokens, cost, attempts;

  void add(CLI::App* command, const std::string& of) {
    command->add_option("--tokens", tokens, "Tokens" + of + ": 500000, 200k, 3M");
    command->add_option("--cost", cost, "Cost" + of + ", in the unit that your workers report: 12.50");
    command->add_option("--attempts", attempts, "Attempts" + of);
  }
  [[nodiscard]] Result<void> put(json::object& body) const;
};

// A whole number; `k` and `M` stand for thousands and millions.
Result<std::int64_t> count_argument(const std::string& argument, const std::string& flag) {
  const auto bad = [&] {
    return fail(
        {base::ErrorCode::kInvalidRequest, flag + ": '" + argument + "' is no count such as 500000, 200k, 3M."});
  };
  std::size_t end = 0;
  std::int64_t value = 0;
  for (; end < argument.size() && end < 13 && argument[end] >= '0' && argument[end] <= '9'; ++end) {
    value = value * 10 + (argument[end] - '0');
  }
  const std::string unit = argument.substr(end);
  if (end == 0 || (!unit.empty() && unit != "k" && unit != "M")) return bad();
  if (unit == "k") value *= 1'000;
  if (unit == "M") value *= 1'000'000;
  return value;
}

Result<void> AmountFlags::put(json::object& body) const {
  for (const auto& [key, given] : {std::pair("tokens", &tokens), std::pair("attempts", &attempts)}) {
    if (given->empty()) continue;
    auto value = count_argument(*given, std::string("--") + key);
    if (!value) return fail(value.error());
    body[key] = *value;
  }
  if (cost.empty()) return {};
  json::error_code error;
  json::value value = json::parse(cost, error);
  if (error || !value.is_number()) {
    return fail({base::ErrorCode::kInvalidRequest, "--cost: '" + cost + "' is no number such as 12.50."});
  }
  body["cost"] = std::move(value);
  return {};
}

// ---- tables ---------------------------------------------------------------------------------------------------

std::string cost_text(double cost) { return fmt::format("{:.2f}", cost); }

double decimal(const json::value& object, std::string_view key) {
  const json::value& value = at(object, key);
  return value.is_number() ? value.to_number<double>() : 0;
}

// `1200 / 5000` of each kind that has a limit: tokens, cost, attempts.
struct Figures {
  std::string spent, limit;
};
Figures figures_of(const json::value& budget, const json::value& meter) {
  const json::value& limits = at(budget, "limits");
  const json::value& raised = at(meter, "raised");
  Figures out;
  const auto add = [&](const std::string& spent, const std::string& limit, const char* unit) {
    const std::string comma = out.spent.empty() ? "" : ", ";
    out.spent += comma + spent + unit;
    out.limit += comma + limit + unit;
  };
  if (!at(limits, "tokens").is_null()) {
    add(text(meter, "tokens"), std::to_string(number(limits, "tokens") + number(raised, "tokens")), " tokens");
  }
  if (!at(limits, "cost").is_null()) {
    add(cost_text(decimal(meter, "cost")), cost_text(decimal(limits, "cost") + decimal(raised, "cost")), " cost");
  }
  if (!at(limits, "attempts").is_null()) {
    add(text(meter, "attempts"), std::to_string(number(limits, "attempts") + number(raised, "attempts")), " attempts");
  }
  return out;
}

Cell state_cell(const std::string& state) {
  if (state == "exhausted") return {state, Colour::kRed};
  return {state, state == "warned" ? Colour::kYellow : Colour::kGreen};
}

std::string scope_of(const json::value& budget) {
  const auto subject = text(budget, "subject");
  const auto scope = text(budget, "scope");
  if (!subject.empty()) return scope + " " + subject;
  return scope == "namespace" ? scope : "each " + scope;
}

std::string period_of(const json::value& budget) {
  if (text(budget, "period") != "day") return "total";
  return "day, " + text(budget, "timeZone");
}

std::string as_table(const json::array& budgets, bool colours) {
  Table table({"BUDGET", "COUNTS", "PERIOD", "SUBJECT", ">SPENT", ">LIMIT", ">SHARE", "STATE", "RESETS", "AT LIMIT"});
  for (const auto& budget : budgets) {
    const auto add = [&](const json::value& meter) {
      const auto [spent, limit] = figures_of(budget, meter);
      const bool counted = meter.is_object();
      table.add({text(budget, "name"), scope_of(budget), period_of(budget), text(meter, "subject"),
                 counted ? spent : "", limit, counted ? fmt::format("{:.0f}%", decimal(meter, "share") * 100) : "",
                 state_cell(counted ? text(meter, "state") : "open"), age(budget, "resetsAt"),
                 text(budget, "onLimit")});
    };
    for (const auto& meter : items(budget, "meters")) add(meter);
    if (items(budget, "meters").empty()) add(json::value());
  }
  return table.text(colours);
}

std::string as_page(const json::array& budgets, bool colours) {
  std::string out = as_table(budgets, colours);
  for (const auto& budget : budgets) {
    const auto more = number(budget, "moreMeters");
    if (more > 0) out += "\n" + text(budget, "name") + " has " + std::to_string(more) + " more, less full ones.\n";
  }
  return out;
}

Result<int> show_one(Context& context, const Result<json::value>& budget) {
  if (!budget) return fail(budget.error());
  context.show(*budget, [&](const json::value& value) { return as_page({value}, context.colours()); });
  return 0;
}

// ---- commands -------------------------------------------------------------------------------------------------

struct SetOptions {
  std::string name, scope, subject, period, time_zone, on_limit;
  AmountFlags limits;
};

Result<int> set(Context& context, const SetOptions& o) {
  json::object body{{"scope", o.scope}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) body[key] = value;
  };
  put("subject", o.subject);
  put("period", o.period);
  put("timeZone", o.time_zone);
  put("onLimit", o.on_limit);
  if (auto ok = o.limits.put(body); !ok) return fail(ok.error());
  return show_one(context, context.send("PUT", path_of(o.name), body));
}

void add_set(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<SetOptions>();
  auto* command =
      commands.add(noun, "set",
                   {"Create a budget, or change its limits",
                    "  arbiter budget set daily --scope namespace --per day --cost 50 --time-zone Europe/Berlin\n"
                    "  arbiter budget set tries --scope lineage --attempts 20 --tokens 2M --on-limit refuse\n"
                    "  arbiter budget set acme --scope key --subject acme --per day --tokens 500k"},
                   [&context, o] { return set(context, *o); });
  command->add_option("budget", o->name, "The budget's name")->required();
  command->add_option("--scope", o->scope, "What it counts together: task, lineage, worker, queue, key or namespace")
      ->required()
      ->check(CLI::IsMember({"task", "lineage", "worker", "queue", "key", "namespace"}));
  command->add_option("--subject", o->subject, "Only this worker, queue or key; else each by itself");
  command->add_option("--per", o->period, "day, or total: it never begins anew [total]")
      ->check(CLI::IsMember({"day", "total"}));
  command->add_option("--time-zone", o->time_zone, "The IANA zone whose days count [UTC]");
  command->add_option("--on-limit", o->on_limit, "pause: tasks wait; refuse: and no new ones are taken [pause]")
      ->check(CLI::IsMember({"pause", "refuse"}));
  o->limits.add(command, " that may be spent");
}

struct RaiseOptions {
  std::string name, subject, reason;
  AmountFlags by;
};

Result<int> raise(Context& context, const RaiseOptions& o) {
  json::object body{{"reason", o.reason}};
  if (!o.subject.empty()) body["subject"] = o.subject;
  if (auto ok = o.by.put(body); !ok) return fail(ok.error());
  return show_one(context, context.post(path_of(o.name) + "/raise", std::move(body)));
}

void add_raise(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<RaiseOptions>();
  auto* command =
      commands.add(noun, "raise",
                   {"Allow more until its period is over; what waited goes on",
                    "  arbiter budget raise daily --cost 25 --reason 'release day, agreed in the stand-up'\n"
                    "  arbiter budget raise tries --subject task_01j9 --attempts 5 --reason 'flaky network'"},
                   [&context, o] { return raise(context, *o); });
  command->add_option("budget", o->name, "The budget's name")->required();
  command->add_option("--subject", o->subject, "Of a budget that counts several: which task, root, worker, queue, key");
  command->add_option("--reason", o->reason, "Why; it stands in the event log")->required();
  o->by.add(command, " more");
}

void add_looks(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  commands.add(noun, "list", {"Budgets by name, with their fullest meters", "  arbiter budget list"},
               [&context]() -> Result<int> {
                 auto budgets = context.list("/api/v1/budgets", 0);
                 if (!budgets) return fail(budgets.error());
                 context.show(*budgets,
                              [&](const json::value& value) { return as_page(items(value), context.colours()); });
                 return 0;
               });
  const auto named = [&](const std::string& verb, const Help& help,
                         std::function<Result<int>(const std::string&)> body) {
    auto name = std::make_shared<std::string>();
    auto* command = commands.add(noun, verb, help, [name, body = std::move(body)] { return body(*name); });
    command->add_option("budget", *name, "The budget's name")->required();
  };
  named("show", {"A budget and what is spent of it", "  arbiter budget show daily"},
        [&context](const auto& name) { return show_one(context, context.get(path_of(name))); });
  named("delete", {"Delete a budget; what waited for it goes on", "  arbiter budget delete daily"},
        [&context](const auto& name) -> Result<int> {
          auto done = context.send("DELETE", path_of(name), {});
          if (!done) return fail(done.error());
          context.show(*done, [&](const json::value&) { return "Deleted budget " + printable(name) + ".\n"; });
          return 0;
        });
}

}  // namespace

void add_budget_commands(Commands& commands) {
  auto* budget = commands.noun("budget", "Budgets of tokens, cost and attempts, and what is spent of them");
  add_set(commands, budget);
  add_looks(commands, budget);
  add_raise(commands, budget);
}

}  // namespace arbiter::cli
