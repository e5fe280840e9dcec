// The schema of an answer. Answers are only written, never read: a field that is always written is required, so that
// those who make types of the document need not ask whether it is there.
#pragma once

#include <set>
#include <string>
#include <type_traits>

#include "base/json_struct.h"
#include "base/values.h"

namespace arbiter::api {

// Whether JsonCodec<T> writes a member of this type whatever its value is.
template <typename T, typename Member>
constexpr bool is_always_written() {
  if constexpr (requires { T::kSparse; }) return false;
  return !base::is_optional<Member>::value && !std::is_same_v<Member, base::RawJson>;
}

// Of T and all that it is made of, less what is in `done`.
template <typename T>
void require_what_is_written(base::Schemas& schemas, std::set<std::string>& done) {
  if constexpr (base::DescribedStruct<T>) {
    const std::string name(base::JsonCodec<T>::type_name());
    if (!done.insert(name).second) return;
    base::json::array required;
    std::size_t i = 0;
    boost::mp11::mp_for_each<base::Members<T>>([&](auto d) {
      using Member = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
      const auto& field = base::JsonCodec<T>::fields()[i++].name;
      if (is_always_written<T, Member>()) required.emplace_back(field);
      require_what_is_written<Member>(schemas, done);
    });
    if (!required.empty()) schemas.by_name.at(name)["required"] = std::move(required);
  } else if constexpr (requires { typename T::mapped_type; }) {
    require_what_is_written<typename T::mapped_type>(schemas, done);
  } else if constexpr (requires { typename T::value_type; }) {
    require_what_is_written<typename T::value_type>(schemas, done);
  }
}

// As base::schema<T>. What `schemas` holds already is left as it is: requests come first, and what they share with
// answers requires what requests must say.
template <typename T>
base::json::object answer_schema(base::Schemas& schemas) {
  std::set<std::string> done;
  for (const auto& [name, schema] : schemas.by_name) done.insert(name);
  auto reference = base::schema<T>(schemas);
  require_what_is_written<T>(schemas, done);
  return reference;
}

}  // namespace arbiter::api
