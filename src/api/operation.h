// One row of the operation table: everything that a client can ask is one. Routes, the decoding of requests, the
// OpenAPI document, the table in docs/api.md and the metrics are derived from the rows (operations.cc).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace arbiter::api {

class Service;
struct Call;

// What a request's token must allow. In this version every token is an administrator's.
BOOST_DEFINE_ENUM_CLASS(Permission, kNone, kRead, kWrite, kAdmin)

// Whose state an operation concerns.
enum class Scope : std::uint8_t {
  kNamespace,  // the one that the request names
  kSystem,     // the catalogue of namespaces
  kServer,     // this process
};

// Which status a success has.
enum class Success : std::uint8_t {
  kOk,
  kCreated,    // 201 when something was made, 200 when it was there already
  kAccepted,   // 202: the work goes on after the answer
  kSwitching,  // 101: the connection becomes a WebSocket
};

// How large a body may be; ServiceConfig has the numbers.
enum class BodySize : std::uint8_t { kSmall, kLarge };

// A member of the request struct as the router and the query decoder see it.
struct InputField {
  enum class Shape : std::uint8_t { kText, kNumber, kBool, kOther };
  std::string name;
  Shape shape = Shape::kText;
  bool is_list = false;
  bool in_path = false;
  bool required = false;
  base::json::object (*schema)(base::Schemas&) = nullptr;
};

struct Operation {
  std::string_view name;    // `tasks.submit`
  std::string_view method;  // `POST`
  std::string_view path;    // `/api/v1/tasks/{id}`
  Permission permission = Permission::kRead;
  Scope scope = Scope::kNamespace;
  Success success = Success::kOk;
  BodySize body = BodySize::kSmall;
  std::string_view help;
  std::string_view content_type = "application/json";  // of a success
  std::vector<InputField> fields;
  base::json::object (*request_schema)(base::Schemas&) = nullptr;
  base::json::object (*reply_schema)(base::Schemas&) = nullptr;  // null: not described by a schema
  void (*run)(Service&, const std::shared_ptr<Call>&) = nullptr;
  std::size_t index = 0;  // its place in the table

  [[nodiscard]] bool has_body() const { return method != "GET" && method != "DELETE"; }
  [[nodiscard]] bool is_mutation() const { return method != "GET" && scope != Scope::kServer; }
};

// The table. Made once; the rows never move.
[[nodiscard]] const std::vector<Operation>& operations();

// The table as Markdown, for docs/api.md.
[[nodiscard]] std::string operations_markdown();

// ---- fields of a request struct -------------------------------------------------------------------------------

template <typename T>
struct ShapeOf {
  static constexpr auto kShape = std::is_same_v<T, bool>    ? InputField::Shape::kBool
                                 : std::is_arithmetic_v<T>  ? InputField::Shape::kNumber
                                 : base::DescribedStruct<T> ? InputField::Shape::kOther
                                                            : InputField::Shape::kText;
  static constexpr bool kIsList = false;
};
template <std::int64_t Low, std::int64_t High>
struct ShapeOf<base::Int<Low, High>> {
  static constexpr auto kShape = InputField::Shape::kNumber;
  static constexpr bool kIsList = false;
};
template <base::Bound Low, base::Bound High>
struct ShapeOf<base::Number<Low, High>> {
  static constexpr auto kShape = InputField::Shape::kNumber;
  static constexpr bool kIsList = false;
};
template <typename T>
struct ShapeOf<std::optional<T>> : ShapeOf<T> {};
template <typename T, std::size_t Min, std::size_t Max>
struct ShapeOf<base::List<T, Min, Max>> {
  static constexpr auto kShape = ShapeOf<T>::kShape;
  static constexpr bool kIsList = true;
};

// The fields of `Request`; those that `path` names in braces are part of it.
template <typename Request>
[[nodiscard]] std::vector<InputField> fields_of(std::string_view path) {
  std::vector<InputField> fields;
  boost::mp11::mp_for_each<base::Members<Request>>([&](auto d) {
    using Member = std::remove_cvref_t<decltype(std::declval<Request>().*d.pointer)>;
    InputField field;
    field.name = base::camel_case(d.name);
    field.shape = ShapeOf<Member>::kShape;
    field.is_list = ShapeOf<Member>::kIsList;
    field.in_path = path.find("{" + field.name + "}") != std::string_view::npos;
    field.required = base::JsonCodec<Request>::is_required(field.name);
    field.schema = &base::schema<Member>;
    fields.push_back(std::move(field));
  });
  return fields;
}

}  // namespace arbiter::api
