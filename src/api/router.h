// Finds the operation of a request by its method and path.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/operation.h"

namespace arbiter::api {

// A value out of the path, decoded: `{id}` of the template.
using PathValues = std::vector<std::pair<std::string_view, std::string>>;

struct Route {
  const Operation* operation = nullptr;  // null: none has this path (`allow` is empty) or none this method
  PathValues values{};
  std::string allow{};  // the methods that the path does take
};

class Router {
 public:
  // The operations outlive the router.
  explicit Router(const std::vector<Operation>& operations);
  ~Router();
  // `path` as it was sent, without the query. HEAD counts as GET. A fixed segment goes before a value; a path that no
  // fixed one serves with this method is tried as a value (a task may be called `lease`).
  [[nodiscard]] Route find(std::string_view method, std::string_view path) const;

 private:
  struct Node;
  struct Search;
  std::unique_ptr<Node> root_;
};

// Decodes %XX (and, in queries, `+`). False when an escape is broken.
[[nodiscard]] bool percent_decode(std::string_view text, bool plus_is_space, std::string& out);

}  // namespace arbiter::api
