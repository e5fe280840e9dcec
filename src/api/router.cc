#include "api/router.h"

#include <array>
#include <map>

#include "base/check.h"

namespace arbiter::api {
namespace {

constexpr std::size_t kSegmentsMax = 8;

struct Segments {
  std::array<std::string_view, kSegmentsMax> at;
  std::size_t count = 0;
};

// `/a/b` is a and b. False when there are too many, or when the path does not begin with a slash.
bool split(std::string_view path, Segments& out) {
  if (path.empty() || path.front() != '/') return false;
  path.remove_prefix(1);
  for (;;) {
    if (out.count == kSegmentsMax) return false;
    const auto slash = path.find('/');
    out.at[out.count++] = path.substr(0, slash);
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool percent_decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return true;
}

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> fixed;
  std::unique_ptr<Node> value;
  std::string_view value_name;
  std::vector<const Operation*> operations;
};

struct Router::Search {
  std::string_view method;
  const Segments& segments;
  Route route;

  // True once an operation is found; values are those of the way to it.
  bool visit(const Node& node, std::size_t at) {
    if (at == segments.count) {
      for (const Operation* operation : node.operations) {
        if (operation->method == method) {
          route.operation = operation;
          return true;
        }
        if (!route.allow.empty()) route.allow += ", ";
        route.allow += operation->method;
      }
      return false;
    }
    const auto fixed = node.fixed.find(segments.at[at]);
    if (fixed != node.fixed.end() && visit(*fixed->second, at + 1)) return true;
    if (!node.value || segments.at[at].empty()) return false;
    std::string decoded;
    if (!percent_decode(segments.at[at], /*plus_is_space=*/false, decoded)) return false;
    route.values.emplace_back(node.value_name, std::move(decoded));
    if (visit(*node.value, at + 1)) return true;
    route.values.pop_back();
    return false;
  }
};

Router::Router(const std::vector<Operation>& operations) : root_(std::make_unique<Node>()) {
  for (const auto& operation : operations) {
    Segments segments;
    CHECK(split(operation.path, segments));
    Node* node = root_.get();
    for (std::size_t i = 0; i < segments.count; ++i) {
      const std::string_view segment = segments.at[i];
      const bool is_value = segment.starts_with('{');
      auto& next = is_value ? node->value : node->fixed[std::string(segment)];
      if (!next) next = std::make_unique<Node>();
      if (is_value) node->value_name = segment.substr(1, segment.size() - 2);
      node = next.get();
    }
    node->operations.push_back(&operation);
  }
}

Router::~Router() = default;

Route Router::find(std::string_view method, std::string_view path) const {
  Segments segments;
  if (!split(path, segments)) return {};
  Search search{method == "HEAD" ? "GET" : method, segments, {}};
  search.visit(*root_, 0);
  return std::move(search.route);
}

}  // namespace arbiter::api
