#include "worker/executor.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "worker/text.h"

namespace arbiter::worker {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t kMessageBytesMax = 4'000;
constexpr std::size_t kNumberBytesMax = 64;
constexpr std::string_view kBlank = " \t\r\n";
constexpr std::int64_t kExactIntegerMax = std::int64_t{1} << 53;  // beyond it readers round

base::Error bad_payload(std::string what) {
  return {ErrorCode::kInvalidRequest, "The payload " + std::move(what) + "."};
}

std::string as_text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

// Cuts between characters.
std::string shortened(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

std::vector<std::string> task_environment(const Executor& executor, const Leased& leased) {
  const auto& endpoint = executor.endpoint;
  std::vector<std::string> environment{
      "ARBITER_TASK_ID=" + leased.task_id,
      "ARBITER_TASK_TYPE=" + leased.type,
      "ARBITER_ATTEMPT=" + std::to_string(leased.attempt),
      "ARBITER_LEASE=" + leased.lease,
      "ARBITER_URL=" + endpoint.url(),
      "ARBITER_TOKEN=" + endpoint.token,
      "ARBITER_CA_FILE=" + endpoint.ca_file,
      "ARBITER_NAMESPACE=" + (endpoint.namespace_name.empty() ? "default" : endpoint.namespace_name),
      "ARBITER_WORKER=" + executor.worker};
  // As OpenTelemetry has it for programs; an empty one hides that of the worker itself.
  environment.push_back("TRACEPARENT=" + leased.traceparent);
  return environment;
}

// `arbiter` works inside a program also where it is not installed: the folder of this program is the last to be
// searched.
void end_path_here(std::vector<std::string>& environment) {
  std::error_code code;
  const auto here = std::filesystem::read_symlink("/proc/self/exe", code).parent_path().string();
  if (code || here.empty()) return;
  const auto path = std::find_if(environment.begin(), environment.end(),
                                 [](const std::string& entry) { return entry.starts_with("PATH="); });
  if (path == environment.end()) {
    environment.push_back("PATH=/usr/local/bin:/usr/bin:/bin:" + here);
  } else if ((*path + ":").find(":" + here + ":") == std::string::npos) {
    *path += ":" + here;
  }
}

Result<void> read_shell_payload(const json::value& payload, Job& job, std::vector<std::string>& environment) {
  const auto* object = payload.if_object();
  const auto* run = object ? object->if_contains("run") : nullptr;
  if (!run || !run->is_string()) return fail(bad_payload("of a shell task must be {\"run\": \"shell text\", ...}"));
  // -e: the first command that fails ends the step, and is not hidden by what comes after it.
  job.spec.argv = {"/bin/sh", "-ec", std::string(run->get_string())};
  if (const auto* env = object->if_contains("env")) {
    if (!env->is_object()) return fail(bad_payload("has an `env` that is not an object"));
    for (const auto& [name, value] : env->get_object()) {
      if (value.is_object() || value.is_array()) return fail(bad_payload("has a nested value in `env`"));
      environment.push_back(std::string(name) + "=" + as_text(value));
    }
  }
  const auto* retry = object->if_contains("retryFailure");
  job.retry_failure = !retry || !retry->is_bool() || retry->get_bool();
  if (const auto* timeout = object->if_contains("timeoutMs")) {
    if (!timeout->is_int64() || timeout->get_int64() <= 0) return fail(bad_payload("has a bad `timeoutMs`"));
    job.timeout_ms = job.timeout_ms > 0 ? std::min(job.timeout_ms, timeout->get_int64()) : timeout->get_int64();
  }
  return {};
}

// A name that a payload chose, as a file name.
std::string file_name(std::string name) {
  for (char& c : name) {
    if (c == '/' || c == '\0') c = '_';
  }
  return name == "." || name == ".." || name.empty() ? "_" + name : name;
}

Result<void> write_needs(const std::string& directory, const Leased& leased) {
  for (const auto& [name, text] : leased.needs) {
    std::ofstream file(directory + "/" + file_name(name), std::ios::binary);
    file << text;
    if (!text.empty() && !text.ends_with('\n')) file << '\n';  // so that files can be put one after another
    if (!file.flush())
      return fail({ErrorCode::kInternal, "The results of needed tasks cannot be written to " + directory + "."});
  }
  return {};
}

Result<void> make_directories(const Executor& executor, const Leased& leased, Job& job,
                              std::vector<std::string>& environment) {
  job.spec.directory = executor.directory;
  if (!executor.workspace || (!executor.fresh && leased.needs.empty())) return {};
  auto place = executor.workspace->make_directory(file_name(leased.task_id) + "." + leased.lease);
  if (!place) return fail(place.error());
  job.spec.remove_directory = *place;
  std::error_code ignored;
  if (executor.fresh) {
    job.spec.directory = *place + "/work";
    std::filesystem::create_directory(job.spec.directory, ignored);
  }
  if (leased.needs.empty()) return {};
  const auto needs = *place + "/needs";
  std::filesystem::create_directory(needs, ignored);
  environment.push_back("ARBITER_NEEDS=" + needs);
  return write_needs(needs, leased);
}

// Whether the text of a number is what every reader would write again.
bool is_exact(std::string_view number) {
  const char* end = number.data() + number.size();
  if (number.find('.') == std::string_view::npos) {
    std::int64_t value = 0;
    const auto read = std::from_chars(number.data(), end, value);
    return read.ec == std::errc{} && read.ptr == end && number != "-0" && std::abs(value) <= kExactIntegerMax;
  }
  double value = 0;
  const auto read = std::from_chars(number.data(), end, value);
  char again[kNumberBytesMax];
  if (read.ec != std::errc{} || number.size() > sizeof again) return false;
  const auto written = std::to_chars(again, again + sizeof again, value, std::chars_format::fixed);
  return written.ec == std::errc{} && number == std::string_view(again, written.ptr);
}

// Whether every number in it is one: an exponent can be too large for any reader.
bool is_finite(const json::value& value) {
  if (value.is_double()) return std::isfinite(value.get_double());
  if (value.is_array()) return std::all_of(value.get_array().begin(), value.get_array().end(), is_finite);
  const auto* object = value.if_object();
  return !object || std::all_of(object->begin(), object->end(), [](const auto& one) { return is_finite(one.value()); });
}

std::string failure_message(const Ended& ended) {
  if (!ended.last_line.empty()) return shortened(ended.last_line, kMessageBytesMax);
  if (ended.exit_code > 128) return "The program was ended by signal " + std::to_string(ended.exit_code - 128) + ".";
  return "The program ended with exit code " + std::to_string(ended.exit_code) + ".";
}

}  // namespace

std::string read_result(const std::string& output) {
  std::string text = clean_utf8(output);
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string::npos) return "";
  if (auto parsed = base::parse_json(text)) {
    std::string trimmed = text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
    if (parsed->is_number() ? is_exact(trimmed) : is_finite(*parsed)) return trimmed;
  }
  if (text.ends_with('\n')) text.pop_back();
  return json::serialize(json::value(text));
}

base::Error output_too_large() {
  return {ErrorCode::kTooLarge, "The program wrote more to stdout than the " + std::to_string(kOutputBytesMax) +
                                    " bytes (8 MiB) that a result may have. Write it to a file, and where that is to "
                                    "stdout."};
}

Result<Job> make_job(const Executor& executor, const Leased& leased) {
  Job job;
  job.task_id = leased.task_id;
  job.lease = leased.lease;
  job.timeout_ms = leased.timeout_ms;
  std::vector<std::string> environment;
  if (executor.argv.empty()) {
    if (auto read = read_shell_payload(leased.payload, job, environment); !read) return fail(read.error());
  } else {
    job.spec.argv = executor.argv;
    if (!leased.payload.is_null()) job.input = json::serialize(leased.payload) + "\n";
  }
  if (auto made = make_directories(executor, leased, job, environment); !made) return fail(made.error());
  if (executor.worktrees) job.spec.argv = executor.worktrees->wrap(leased.task_id, job.spec.argv);
  for (auto& entry : task_environment(executor, leased)) environment.push_back(std::move(entry));
  job.spec.environment = environment_with(environment);
  end_path_here(job.spec.environment);
  return job;
}

Report make_failure(const std::string& task_id, const std::string& lease, const std::string& message,
                    const std::string& code, bool retryable) {
  json::object body{{"outcome", "failed"}, {"error", {{"message", message}, {"code", code}}}};
  body["retryable"] = retryable;
  return {task_id, lease, std::move(body)};
}

Report make_release(const std::string& task_id, const std::string& lease) {
  return {task_id, lease, {{"outcome", "released"}}};
}

std::optional<Report> make_report(const Ended& ended) {
  switch (ended.stop) {
    case Stop::kLost:
      return std::nullopt;
    case Stop::kShutdown:
    case Stop::kCancelled:  // the task is cancelled once nobody works on it
      return make_release(ended.task_id, ended.lease);
    case Stop::kTimedOut:
      return make_failure(
          ended.task_id, ended.lease,
          "The program was ended after " + std::to_string(ended.duration_ms) + " ms: its time was over.", "timeout",
          ended.retry_failure);
    case Stop::kNone:
      break;
  }
  if (ended.exit_code == 0 && ended.output_cut > 0) {
    const auto error = output_too_large();
    return make_failure(ended.task_id, ended.lease, error.message, std::string(base::info(error.code).name),
                        /*retryable=*/false);
  }
  if (ended.exit_code == 0) {
    return Report{ended.task_id, ended.lease, {{"outcome", "completed"}}, read_result(ended.output)};
  }
  const bool signalled = ended.exit_code > 128;
  const auto code =
      signalled ? "signal_" + std::to_string(ended.exit_code - 128) : "exit_" + std::to_string(ended.exit_code);
  return make_failure(ended.task_id, ended.lease, failure_message(ended), code,
                      ended.retry_failure && ended.exit_code != kExitForGood);
}

Result<void> fetch_needs(client::Http& http, Leased& leased) {
  const auto* payload = leased.payload.if_object();
  const auto* needs = payload ? payload->if_contains("needs") : nullptr;
  if (!needs || !needs->is_object()) return {};
  const auto fetch = [&](const std::string& name, const json::value& id) -> Result<void> {
    if (!id.is_string()) return {};
    auto task = http.get("/api/v1/tasks/" + client::escape(std::string(id.get_string())));
    if (!task) return fail(task.error());
    const auto* object = task->if_object();
    const auto* result = object ? object->if_contains("result") : nullptr;
    leased.needs.emplace_back(name, result ? as_text(*result) : "");
    return {};
  };
  for (const auto& [name, ids] : needs->get_object()) {
    if (!ids.is_array()) {
      if (auto fetched = fetch(std::string(name), ids); !fetched) return fetched;
      continue;
    }
    for (std::size_t i = 0; i < ids.get_array().size(); ++i) {
      auto fetched = fetch(std::string(name) + "." + std::to_string(i), ids.get_array()[i]);
      if (!fetched) return fetched;
    }
  }
  return {};
}

}  // namespace arbiter::worker
