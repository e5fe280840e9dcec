// YAML -> Job. yaml-cpp's exceptions end here.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "cli/job.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::fail;
using base::FieldError;

const std::vector<std::string> kJobKeys = {"name", "directory", "env", "workers", "steps"};
const std::vector<std::string> kStepKeys = {"name",  "needs", "on-needs-failure", "run", "type",    "with",
                                            "queue", "retry", "timeout",          "env", "foreach", "show"};
const std::vector<std::string> kRetryKeys = {"attempts", "backoff"};

class Reader {
 public:
  Reader(std::string file, std::string name) : file_(std::move(file)) { job_.name = std::move(name); }

  Result<Job> read(const std::string& yaml) {
    try {
      read_root(YAML::Load(yaml));
    } catch (const YAML::Exception& error) {
      mistake(error.mark, "is not YAML: " + error.msg);
    }
    if (errors_.empty()) check_tasks();
    if (errors_.empty()) {
      auto ordered = in_order(std::move(job_.steps));
      if (!ordered) return fail({base::ErrorCode::kInvalidRequest, file_ + ": " + ordered.error().message, {}, 0});
      job_.steps = std::move(*ordered);
      return std::move(job_);
    }
    return fail({base::ErrorCode::kInvalidRequest,
                 file_ + " has " + (errors_.size() == 1 ? "a mistake:" : std::to_string(errors_.size()) + " mistakes:"),
                 std::move(errors_), 0});
  }

 private:
  void mistake(const YAML::Mark& mark, std::string message) {
    std::string where = file_;
    if (!mark.is_null()) where += ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
    errors_.push_back({std::move(where), std::move(message)});
  }

  // Calls `handle(key, value)` for each known key of a map, once.
  template <typename Handle>
  void each_key(const YAML::Node& map, const std::vector<std::string>& known, const std::string& what, Handle handle) {
    std::set<std::string> seen;
    for (const auto& entry : map) {
      const auto key = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
      if (!seen.insert(key).second) {
        mistake(entry.first.Mark(), "`" + key + "` is there twice");
      } else if (std::find(known.begin(), known.end(), key) == known.end()) {
        const auto meant = nearest(key, known);
        std::string why = "`";
        why.append(key).append("` is no key of ").append(what);
        why += meant.empty() ? "; there are " + list(known) : "; did you mean `" + meant + "`?";
        mistake(entry.first.Mark(), std::move(why));
      } else {
        handle(key, entry.second);
      }
    }
  }

  static std::string list(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out.append(out.empty() ? "" : ", ").append(word);
    return out;
  }

  std::string scalar(const YAML::Node& node, const std::string& key) {
    if (node.IsScalar()) return node.Scalar();
    mistake(node.Mark(), "`" + key + "` must be a single value");
    return "";
  }

  int whole_number(const YAML::Node& node, const std::string& key, int low, int high) {
    const auto text = scalar(node, key);
    int value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
    if (text.empty() || end != text.data() + text.size() || value < low || value > high) {
      mistake(node.Mark(),
              "`" + key + "` must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    return value;
  }

  std::int64_t duration(const YAML::Node& node, const std::string& key) {
    const auto text = scalar(node, key);
    const auto ms = parse_duration(text);
    const bool unit = !text.empty() && std::isalpha(static_cast<unsigned char>(text.back())) != 0;
    if (ms < 0 || !unit) mistake(node.Mark(), "`" + key + "` must be a duration like 500ms, 30s, 5m or 2h");
    return ms;
  }

  void read_root(const YAML::Node& root) {
    if (!root.IsMap()) return mistake(root.Mark(), "a job is a map with `steps:`");
    bool has_steps = false;
    each_key(root, kJobKeys, "a job", [&](const std::string& key, const YAML::Node& value) {
      if (key == "name") job_.name = scalar(value, key);
      if (key == "name" && !is_step_name(job_.name)) {
        mistake(value.Mark(), "`name` must have letters, digits, - and _ only, at most 48");
      }
      if (key == "directory") job_.directory = scalar(value, key);
      if (key == "env") job_.env = environment(value);
      if (key == "workers") job_.workers = whole_number(value, key, 1, kWorkersMax);
      if (key == "steps") {
        has_steps = true;
        read_steps(value);
      }
    });
    if (!has_steps) mistake(root.Mark(), "`steps:` is missing");
  }

  Environment environment(const YAML::Node& node) {
    Environment out;
    if (!node.IsMap()) {
      mistake(node.Mark(), "`env` must be a map from names to values");
      return out;
    }
    for (const auto& entry : node) {
      const auto name = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
      if (name.empty() || name.find('=') != std::string::npos) {
        mistake(entry.first.Mark(), "is not a name for a variable");
      } else if (entry.second.IsNull()) {
        out.emplace_back(name, "");
      } else {
        out.emplace_back(name, scalar(entry.second, name));
      }
    }
    return out;
  }

  void read_steps(const YAML::Node& node) {
    if (node.IsMap()) {
      for (const auto& entry : node) read_step(entry.second, entry.first.Mark(), entry.first.Scalar());
    } else if (node.IsSequence()) {
      for (const auto& entry : node) read_step(entry, entry.Mark(), "");
    } else {
      mistake(node.Mark(), "`steps` must be a map from names to steps, or a list of steps with names");
    }
    if (node.size() == 0) mistake(node.Mark(), "`steps` is empty");
  }

  void read_step(const YAML::Node& node, const YAML::Mark& mark, const std::string& name) {
    Step step;
    step.name = name;
    step.line = mark.line + 1;
    if (!node.IsMap()) return mistake(mark, "a step is a map with `run:` or `type:`");
    YAML::Mark env;
    each_key(node, kStepKeys, "a step", [&](const std::string& key, const YAML::Node& value) {
      if (key == "env") env = value.Mark();
      read_step_key(step, key, value);
    });
    if (step.name.empty()) {
      mistake(mark, "a step in a list needs a `name:`");
    } else if (!is_step_name(step.name)) {
      mistake(mark, "a step's name has letters, digits, - and _ only, at most 48; `" + step.name + "` does not fit");
    } else if (std::any_of(job_.steps.begin(), job_.steps.end(), [&](const Step& s) { return s.name == step.name; })) {
      mistake(mark, "there are two steps `" + step.name + "`");
    }
    if (step.run.empty() == step.type.empty())
      mistake(mark, "step `" + step.name + "` needs `run:` or `type:`, one of them");
    if (!step.run.empty() && !step.with.is_null()) mistake(mark, "`with` goes with `type`, not with `run`");
    if (!step.type.empty() && !step.env.empty()) {
      mistake(env, "`env` goes with `run`, not with `type`; what such a task needs goes into `with`");
    }
    job_.steps.push_back(std::move(step));
  }

  void read_step_key(Step& step, const std::string& key, const YAML::Node& value) {
    if (key == "name") {
      if (!step.name.empty()) mistake(value.Mark(), "the step has its name as its key already");
      step.name = scalar(value, key);
    }
    if (key == "needs") read_needs(step, value);
    if (key == "on-needs-failure") {
      step.on_needs_failure = scalar(value, key);
      const std::set<std::string> choices = {"cancel", "fail", "run"};
      if (!choices.contains(step.on_needs_failure)) mistake(value.Mark(), "`on-needs-failure` is cancel, fail or run");
    }
    if (key == "run") step.run = scalar(value, key);
    if (key == "type") step.type = scalar(value, key);
    if (key == "queue") step.queue = scalar(value, key);
    if (key == "with") step.with = to_json(value);
    if (key == "retry") read_retry(step, value);
    if (key == "timeout") step.timeout_ms = duration(value, key);
    if (key == "env") step.env = environment(value);
    if (key == "foreach") read_foreach(step, value);
    if (key == "show") {
      const auto text = scalar(value, key);
      if (text != "true" && text != "false") mistake(value.Mark(), "`show` is true or false");
      step.show = text == "true";
    }
  }

  void read_needs(Step& step, const YAML::Node& value) {
    const auto add = [&](const YAML::Node& one) {
      const auto name = scalar(one, "needs");
      step.needs.push_back(name);
      needs_.emplace_back(name, one.Mark());
    };
    if (!value.IsSequence()) return add(value);
    for (const auto& one : value) add(one);
  }

  void read_retry(Step& step, const YAML::Node& value) {
    if (!value.IsMap()) {
      step.attempts = whole_number(value, "retry", 1, 100);
      return;
    }
    step.attempts = 3;
    each_key(value, kRetryKeys, "retry", [&](const std::string& key, const YAML::Node& part) {
      if (key == "attempts") step.attempts = whole_number(part, key, 1, 100);
      if (key == "backoff") step.backoff_ms = duration(part, key);
    });
  }

  void read_foreach(Step& step, const YAML::Node& value) {
    step.fans_out = true;
    if (!value.IsSequence() || value.size() == 0 || value.size() > kForeachMax) {
      return mistake(value.Mark(), "`foreach` must be a list of 1 to " + std::to_string(kForeachMax) + " items");
    }
    for (const auto& item : value) step.foreach.push_back(to_json(item));
  }

  json::value to_json(const YAML::Node& node) {
    if (node.IsMap()) {
      json::object out;
      for (const auto& entry : node) out[entry.first.Scalar()] = to_json(entry.second);
      return out;
    }
    if (node.IsSequence()) {
      json::array out;
      for (const auto& entry : node) out.push_back(to_json(entry));
      return out;
    }
    if (!node.IsScalar()) return nullptr;
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return json::value(text);  // quoted
    if (text == "true" || text == "false") return json::value(text == "true");
    if (text == "null" || text == "~") return nullptr;
    json::error_code code;
    auto number = json::parse(text, code);
    return !code && number.is_number() ? number : json::value(text);
  }

  void check_tasks() {
    std::vector<std::string> names;
    std::size_t total = 0;
    const auto tasks_of = [](const Step& step) { return step.fans_out ? step.foreach.size() : 1; };
    for (const auto& step : job_.steps) {
      names.push_back(step.name);
      total += tasks_of(step);
    }
    for (const auto& [name, mark] : needs_) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      const auto meant = nearest(name, names);
      mistake(mark, "there is no step `" + name + "`" + (meant.empty() ? "" : "; did you mean `" + meant + "`?"));
    }
    if (total > kJobTasksMax)
      mistake(YAML::Mark::null_mark(), "has more than " + std::to_string(kJobTasksMax) + " tasks");
    for (const auto& step : job_.steps) {
      std::size_t waits_for = 0;
      for (const auto& other : job_.steps) {
        if (std::find(step.needs.begin(), step.needs.end(), other.name) != step.needs.end())
          waits_for += tasks_of(other);
      }
      if (waits_for > kNeedsTasksMax) {
        mistake(YAML::Mark::null_mark(), "step `" + step.name + "` waits for " + std::to_string(waits_for) +
                                             " tasks; at most " + std::to_string(kNeedsTasksMax) + " are possible");
      }
    }
  }

  std::string file_;
  Job job_;
  std::vector<FieldError> errors_;
  std::vector<std::pair<std::string, YAML::Mark>> needs_;
};

}  // namespace

Result<Job> read_job(const std::string& yaml, const std::string& file, const std::string& name) {
  return Reader(file, name).read(yaml);
}

}  // namespace arbiter::cli
