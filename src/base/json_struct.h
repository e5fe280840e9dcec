// The codec of described structs: part of base/json.h, which is what everyone includes.
#pragma once

#include <array>

#include "base/json.h"

namespace arbiter::base {

// ---- described structs ----------------------------------------------------------------------------------------

template <typename T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <DescribedStruct T>
struct JsonCodec<T> {
  static constexpr std::size_t kCount = boost::mp11::mp_size<Members<T>>::value;

  // JSON names of the members, in order, and the same as `"name":` for the encoder.
  struct Field {
    std::string name;
    std::string key;
  };
  static const std::array<Field, kCount>& fields() {
    static const auto table = [] {
      std::array<Field, kCount> rows;
      std::size_t i = 0;
      boost::mp11::mp_for_each<Members<T>>([&](auto d) {
        rows[i].name = camel_case(d.name);
        write_string(rows[i].name, rows[i].key);
        rows[i].key += ':';
        ++i;
      });
      return rows;
    }();
    return table;
  }

  static bool is_required(std::string_view name) {
    if constexpr (requires { T::kRequired; }) {
      for (std::string_view required : T::kRequired) {
        if (required == name) return true;
      }
    }
    return false;
  }

  static void decode(const json::value& in, T& out, const Path& path, FieldErrors& errors) {
    if (!in.is_object()) return expected(path, errors, "an object", in);
    const auto& object = in.get_object();
    const auto& names = fields();
    std::size_t seen = 0;
    std::size_t i = 0;
    boost::mp11::mp_for_each<Members<T>>([&](auto d) {
      const auto& name = names[i++].name;
      const json::value* value = object.if_contains(name);
      if (!value) {
        if (is_required(name)) errors.add(path.of(name), "is required");
        return;
      }
      ++seen;
      base::decode(*value, out.*d.pointer, path.of(name), errors);
    });
    if (seen != object.size()) report_unknown(object, path, errors);
  }

  static void encode(const T& in, std::string& out) {
    const auto& names = fields();
    const std::size_t start = out.size();
    out += '{';
    std::size_t i = 0;
    boost::mp11::mp_for_each<Members<T>>([&](auto d) {
      const auto& member = in.*d.pointer;
      const std::string& key = names[i++].key;
      if (left_out(member, d)) return;
      if (out.size() != start + 1) out += ',';
      out += key;
      base::encode(member, out);
    });
    out += '}';
  }

  static json::object schema(Schemas& schemas) {
    std::string name = boost::json::string(type_name()).c_str();
    if (!schemas.by_name.contains(name)) {
      schemas.by_name[name] = {};  // Stands in for itself while it is built: types may be recursive.
      json::object properties;
      json::array required;
      std::size_t i = 0;
      boost::mp11::mp_for_each<Members<T>>([&](auto d) {
        using Member = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
        const auto& field = fields()[i++].name;
        properties[field] = base::schema<Member>(schemas);
        if (is_required(field)) required.emplace_back(field);
      });
      json::object object{{"type", "object"}, {"properties", std::move(properties)}};
      if (!required.empty()) object["required"] = std::move(required);
      schemas.by_name[name] = std::move(object);
    }
    return {{"$ref", "#/components/schemas/" + name}};
  }

  // The struct's own name without its namespaces.
  static std::string_view type_name() {
    constexpr std::string_view function = __PRETTY_FUNCTION__;
    constexpr std::size_t with = function.find("T = ") + 4;
    constexpr std::size_t end = function.find_first_of(";]", with);
    constexpr std::string_view full = function.substr(with, end - with);
    constexpr std::size_t colon = full.rfind(':');
    return colon == std::string_view::npos ? full : full.substr(colon + 1);
  }

 private:
  template <typename Member, typename Descriptor>
  static bool left_out(const Member& member, Descriptor d) {
    if constexpr (is_optional<Member>::value) {
      return !member;
    } else if constexpr (std::is_same_v<Member, RawJson>) {
      return member.empty();
    } else if constexpr (requires { T::kSparse; }) {
      static const T defaults{};
      if constexpr (requires { member.given; }) {
        if (member.given) return false;
      }
      if constexpr (requires { member == defaults.*d.pointer; }) {
        return member == defaults.*d.pointer;
      } else if constexpr (requires { member.empty(); }) {
        return member.empty();
      }
    }
    return false;
  }

  static void report_unknown(const json::object& object, const Path& path, FieldErrors& errors) {
    for (const auto& [key, value] : object) {
      bool known = false;
      for (const auto& field : fields()) known = known || field.name == std::string_view(key);
      if (!known) errors.add(path.of(key), "is not a known field");
    }
  }
};

}  // namespace arbiter::base
