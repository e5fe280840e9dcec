#include "server/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "base/json.h"
#include "cli/job.h"
#include "server/otlp_config.h"

namespace arbiter::server {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::string_view kPrefix = "ARBITER_";

const Key* key_named(const std::string& name) {
  for (const auto& key : keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

bool is_section(const std::string& name) {
  for (const auto& key : keys()) {
    if (key.name.starts_with(name + ".")) return true;
  }
  return false;
}

// Reads one YAML document; every mistake is noted with its line.
class FileReader {
 public:
  FileReader(std::string file, Config& config) : file_(std::move(file)), config_(config) {}

  void read(const YAML::Node& root) {
    if (root.IsNull()) return;
    if (!root.IsMap()) return mistake(root.Mark().line, "the file must be a list of `key: value` lines");
    read_section(root, "");
  }

  void mistake(int line, const std::string& reason) {
    mistakes_ += (mistakes_.empty() ? "" : "\n") + file_ + ":" + std::to_string(line + 1) + ": " + reason;
  }

  [[nodiscard]] base::Result<void> outcome() const {
    if (mistakes_.empty()) return {};
    return fail({ErrorCode::kInvalidRequest, mistakes_});
  }

 private:
  void read_section(const YAML::Node& section, const std::string& prefix) {
    for (const auto& entry : section) {
      const int line = entry.first.Mark().line;
      if (!entry.first.IsScalar()) {
        mistake(line, "a key must be a word");
        continue;
      }
      const std::string name = prefix + entry.first.Scalar();
      if (!seen_.insert(name).second) {
        mistake(line, name + ": is given twice");
      } else if (name == "notifications") {
        read_notifications(entry.second, config_.notifications,
                           [this](int at, const std::string& reason) { mistake(at, reason); });
      } else if (const Key* key = key_named(name)) {
        read_value(*key, entry.second, line);
      } else if (!is_section(name)) {
        mistake(line, name + ": is not a known key");
      } else if (entry.second.IsMap()) {
        read_section(entry.second, name + ".");
      } else if (!entry.second.IsNull()) {
        mistake(line, name + ": must have keys of its own below it");
      }
    }
  }

  void read_value(const Key& key, const YAML::Node& value, int line) {
    std::vector<std::string> texts;
    if (key.is_list) {
      if (!value.IsSequence()) return mistake(line, key.name + ": must be a list, for example [a, b]");
      for (const auto& element : value) {
        if (!element.IsScalar()) return mistake(element.Mark().line, key.name + ": every element must be a text");
        texts.push_back(element.Scalar());
      }
    } else {
      if (!value.IsScalar()) return mistake(line, key.name + ": must be a single value");
      texts.push_back(value.Scalar());
    }
    if (auto set = key.set(config_, texts); !set) mistake(line, key.name + ": " + set.error().message);
  }

  const std::string file_;
  Config& config_;
  std::set<std::string> seen_;
  std::string mistakes_;
};

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

// OpenTelemetry's own variables, where nothing of ours is said.
void read_otel(const Lookup& environment, Telemetry& telemetry) {
  const auto value = [&](const char* name) {
    const char* found = environment(name);
    return std::string(found ? found : "");
  };
  if (value("OTEL_SDK_DISABLED") == "true") return;
  if (telemetry.otlp_endpoint.empty()) {
    telemetry.otlp_endpoint = value("OTEL_EXPORTER_OTLP_ENDPOINT");
    telemetry.traces_endpoint = value("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  }
  telemetry.headers = value("OTEL_EXPORTER_OTLP_HEADERS");
  const std::string service = value("OTEL_SERVICE_NAME");
  if (telemetry.service_name == Telemetry{}.service_name && !service.empty()) telemetry.service_name = service;
}

base::Result<void> read_environment(const Lookup& environment, Config& config) {
  for (const auto& key : keys()) {
    const std::string name = key.environment();
    const char* value = environment(name.c_str());
    if (!value) continue;
    const auto values = key.is_list ? split_commas(value) : std::vector<std::string>{value};
    if (auto set = key.set(config, values); !set) {
      return fail({ErrorCode::kInvalidRequest, "environment variable " + name + ": " + set.error().message});
    }
  }
  return {};
}

base::Result<void> read_flags(const Flags& flags, Config& config) {
  for (const auto& [name, values] : flags) {
    const Key* key = key_named(name);
    if (!key || values.empty()) continue;
    if (auto set = key->set(config, values); !set) {
      return fail({ErrorCode::kInvalidRequest, key->flag() + ": " + set.error().message});
    }
  }
  return {};
}

void insert(base::json::object& into, std::string_view name, base::json::value value) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) {
    into[name] = std::move(value);
    return;
  }
  auto& section = into[name.substr(0, dot)];
  if (!section.is_object()) section.emplace_object();
  insert(section.get_object(), name.substr(dot + 1), std::move(value));
}

}  // namespace

base::Result<void> read_text(const std::string& name, const std::string& yaml, Config& config) {
  FileReader reader(name, config);
  try {
    reader.read(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    reader.mistake(error.mark.line, error.msg);
  }
  return reader.outcome();
}

base::Result<void> read_file(const std::string& path, Config& config) {
  std::ifstream in(path);
  std::stringstream text;
  if (in) text << in.rdbuf();
  if (!in) return fail({ErrorCode::kInvalidRequest, path + ": the file cannot be read"});
  return read_text(path, text.str(), config);
}

base::Result<Config> load_config(const std::string& path, const Lookup& environment, const Flags& flags) {
  Config config;
  if (!path.empty()) {
    if (auto read = read_file(path, config); !read) return fail(read.error());
  }
  if (auto read = read_environment(environment, config); !read) return fail(read.error());
  if (auto read = read_flags(flags, config); !read) return fail(read.error());
  read_otel(environment, config.telemetry);
  if (auto checked = check_together(config); !checked) return fail(checked.error());
  config.http.body_bytes_max = static_cast<std::size_t>(std::max(config.body_bytes_max, config.large_body_bytes_max));
  return config;
}

std::vector<std::string> misspelt_variables(const std::vector<std::string>& names) {
  // Read by clients, and by the programs that workers run.
  std::vector<std::string> known = {"CA_FILE",   "CONFIG",     "URL",         "TOKEN",     "TOKEN_FILE",
                                    "NAMESPACE", "TASK_ID",    "TASK_TYPE",   "ATTEMPT",   "LEASE",
                                    "WORKER",    "NEEDS",      "RUN",         "STEP",      "CALLER_DIRECTORY",
                                    "WORKTREE",  "BRANCH",     "BASE_COMMIT", "EFFECT_ID", "EFFECT_ATTEMPT",
                                    "NOTIFIER",  "EVENT_TYPE", "SEVERITY",    "CAUSE",     "TITLE"};
  for (const auto& key : keys()) known.push_back(key.environment().substr(kPrefix.size()));
  std::vector<std::string> remarks;
  for (const auto& name : names) {
    if (!name.starts_with(kPrefix)) continue;
    const auto word = name.substr(kPrefix.size());
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    const auto meant = cli::nearest(word, known);
    if (!meant.empty()) {
      std::string remark = "the environment variable ";
      remark.append(name).append(" is not known and has no effect; did you mean ").append(kPrefix).append(meant);
      remarks.push_back(std::move(remark) + "?");
    }
  }
  return remarks;
}

std::string config_json(const Config& config) {
  base::json::object out;
  for (const auto& key : keys()) insert(out, key.name, base::json::parse(key.show(config)));
  insert(out, "notifications", base::json::parse(notifications_json(config.notifications)));
  return base::json::serialize(out);
}

std::string config_yaml(const Config& config) {
  std::string out;
  std::string section;
  for (const auto& key : keys()) {
    const auto dot = key.name.rfind('.');
    const std::string own = dot == std::string::npos ? "" : key.name.substr(0, dot);
    const auto depth = static_cast<std::size_t>(std::count(key.name.begin(), key.name.end(), '.'));
    if (own != section && !own.empty()) {
      const auto parent = own.rfind('.');
      const std::string outer = parent == std::string::npos ? "" : own.substr(0, parent);
      if (!outer.empty() && section != outer && !section.starts_with(outer)) out += outer + ":\n";
      if (!section.starts_with(own + ".")) {
        out += std::string((depth - 1) * 2, ' ') + own.substr(parent == std::string::npos ? 0 : parent + 1) + ":\n";
      }
    }
    section = own;
    const std::string indent(depth * 2, ' ');
    out += indent + "# " + key.help + ". [" + key.flag() + ", " + key.environment() + "]\n";
    out += indent + key.name.substr(dot == std::string::npos ? 0 : dot + 1) + ": " + key.show(config) + "\n";
  }
  return out + notifications_yaml(config.notifications);
}

base::Result<Address> parse_listen(const std::string& text) {
  const auto wrong = [&](const std::string& reason) { return fail({ErrorCode::kInvalidRequest, reason}); };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return wrong("must be ADDRESS:PORT, for example 127.0.0.1:7420, not `" + text + "`");
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  Address address;
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), address.port);
  if (error != std::errc{} || end != text.data() + text.size())
    return wrong("must end in a port from 0 to 65535, not `" + text + "`");
  boost::system::error_code bad;
  (void)boost::asio::ip::make_address(host, bad);
  if (bad) return wrong("must name an IP address or localhost, not `" + host + "`");
  address.host = host;
  return address;
}

bool is_loopback(const Address& address) { return boost::asio::ip::make_address(address.host).is_loopback(); }

base::Result<void> check_together(const Config& config) {
  const auto wrong = [&](std::string reason) { return fail({ErrorCode::kInvalidRequest, std::move(reason)}); };
  if (config.tls.certificate.empty() != config.tls.key.empty()) {
    return wrong("tls: the certificate (tls.cert, --tls-cert) and its key (tls.key, --tls-key) go together");
  }
  if (config.telemetry.exports()) {
    const auto otlp =
        otlp_config(config.telemetry.otlp_endpoint, config.telemetry.traces_endpoint, config.telemetry.headers);
    if (!otlp) return fail(otlp.error());
  }
  const auto& origins = config.allowed_origins;
  if (config.insecure_no_auth && std::find(origins.begin(), origins.end(), "*") != origins.end()) {
    return wrong(
        "allowedOrigins: * with insecureNoAuth would let every web page that is opened on this machine do everything. "
        "Name the origins, or leave insecureNoAuth out");
  }
  const auto address = parse_listen(config.listen);
  if (!address) return fail(address.error());
  if (is_loopback(*address)) return {};
  if (config.tls.certificate.empty()) {
    return wrong("listen: " + config.listen +
                 " is not a loopback address, and without TLS tokens would cross the network in the clear. Name a "
                 "certificate and its key with --tls-cert and --tls-key, or listen on 127.0.0.1");
  }
  if (config.insecure_no_auth) {
    return wrong("listen: " + config.listen +
                 " is not a loopback address, and insecureNoAuth would let everyone who reaches it do everything. "
                 "Leave insecureNoAuth out, or listen on 127.0.0.1");
  }
  return {};
}

}  // namespace arbiter::server
