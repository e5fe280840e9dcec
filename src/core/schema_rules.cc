#include "core/schema_rules.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "core/json_schema.h"

namespace arbiter::core {

namespace json = base::json;

namespace {

enum class Holds : std::uint8_t { kValue, kSchema, kSchemas, kNamed, kItems, kDependencies, kRemark };
struct Word {
  std::string_view name;
  Holds holds;
  bool same_value = false;  // its schemas are about the value itself, not about a part of it
};

constexpr std::array kWords{Word{"type", Holds::kValue},
                            Word{"enum", Holds::kValue},
                            Word{"const", Holds::kValue},
                            Word{"multipleOf", Holds::kValue},
                            Word{"maximum", Holds::kValue},
                            Word{"exclusiveMaximum", Holds::kValue},
                            Word{"minimum", Holds::kValue},
                            Word{"exclusiveMinimum", Holds::kValue},
                            Word{"maxLength", Holds::kValue},
                            Word{"minLength", Holds::kValue},
                            Word{"pattern", Holds::kValue},
                            Word{"maxItems", Holds::kValue},
                            Word{"minItems", Holds::kValue},
                            Word{"uniqueItems", Holds::kValue},
                            Word{"maxProperties", Holds::kValue},
                            Word{"minProperties", Holds::kValue},
                            Word{"required", Holds::kValue},
                            Word{"items", Holds::kItems},
                            Word{"additionalItems", Holds::kSchema},
                            Word{"contains", Holds::kSchema},
                            Word{"properties", Holds::kNamed},
                            Word{"additionalProperties", Holds::kSchema},
                            Word{"propertyNames", Holds::kSchema},
                            Word{"dependencies", Holds::kDependencies, true},
                            Word{"definitions", Holds::kNamed},
                            Word{"$defs", Holds::kNamed},
                            Word{"if", Holds::kSchema, true},
                            Word{"then", Holds::kSchema, true},
                            Word{"else", Holds::kSchema, true},
                            Word{"not", Holds::kSchema, true},
                            Word{"allOf", Holds::kSchemas, true},
                            Word{"anyOf", Holds::kSchemas, true},
                            Word{"oneOf", Holds::kSchemas, true},
                            Word{"$schema", Holds::kRemark},
                            Word{"$id", Holds::kRemark},
                            Word{"$comment", Holds::kRemark},
                            Word{"title", Holds::kRemark},
                            Word{"description", Holds::kRemark},
                            Word{"default", Holds::kRemark},
                            Word{"examples", Holds::kRemark},
                            Word{"deprecated", Holds::kRemark},
                            Word{"readOnly", Holds::kRemark},
                            Word{"writeOnly", Holds::kRemark},
                            Word{"format", Holds::kRemark},
                            Word{"contentMediaType", Holds::kRemark},
                            Word{"contentEncoding", Holds::kRemark}};

const Word* word_named(std::string_view name) {
  const auto* found = std::find_if(kWords.begin(), kWords.end(), [&](const Word& word) { return word.name == name; });
  return found == kWords.end() ? nullptr : found;
}

// The definition that a reference leads to, in one spelling; empty: it leads nowhere that is allowed.
std::string target_of(std::string_view reference) {
  if (reference == "#") return "#";
  for (const std::string_view place : {"#/definitions/", "#/$defs/"}) {
    if (reference.starts_with(place) && reference.size() > place.size() &&
        reference.substr(place.size()).find_first_of("/~%") == std::string_view::npos) {
      return std::string(reference);
    }
  }
  return "";
}

class Rules {
 public:
  explicit Rules(base::FieldErrors& errors) : errors_(errors) {}

  void check(json::value& schema, const std::string& path) {
    look_at(schema, {path, "#", true, 0});
    for (const auto& [reference, where] : references_) {
      if (!definitions_.contains(reference)) errors_.add(where, "leads to nothing: there is no " + reference);
    }
    for (const auto& [owner, targets] : same_value_) {
      if (leads_back(owner, owner)) return errors_.add(path, "refers to itself at " + owner + " without end");
    }
  }

 private:
  // Where a subschema stands: below which definition, and whether it is still about that one's own value.
  struct Place {
    std::string path;
    std::string owner;
    bool same_value;
    std::size_t depth;
    [[nodiscard]] Place of(std::string_view name) const {
      return {path + '.' + std::string(name), owner, same_value, depth};
    }
    [[nodiscard]] Place at(std::size_t i) const {
      return {path + '[' + std::to_string(i) + ']', owner, same_value, depth};
    }
  };

  void look_at(json::value& schema, Place place) {
    if (schema.is_bool()) return;
    if (!schema.is_object()) return errors_.add(place.path, "must be a schema: an object, true or false");
    if (++place.depth > kSchemaDepthMax) {
      return errors_.add(place.path, "is nested deeper than " + std::to_string(kSchemaDepthMax) + " levels");
    }
    if (++count_ > kSubschemasMax) {
      if (count_ == kSubschemasMax + 1) {
        errors_.add(place.path, "is one too many: at most " + std::to_string(kSubschemasMax) + " subschemas");
      }
      return;
    }
    auto& object = schema.get_object();
    if (place.owner == "#" && place.depth == 1) definitions_.insert("#");
    if (auto* reference = object.if_contains("$ref")) return look_at_reference(object, *reference, place);
    look_at_words(object, place);
    check_unique_items(object, place);
    rewrite_pattern(object, place);
    object[kStepWord] = true;
  }

  void look_at_reference(json::object& object, const json::value& reference, const Place& place) {
    const std::string target = reference.is_string() ? target_of(reference.get_string()) : "";
    const std::string where = place.path + ".$ref";
    if (target.empty()) return errors_.add(where, "must be #, #/definitions/NAME or #/$defs/NAME");
    // Beside a reference nothing else counts, except definitions.
    for (const char* word : {"definitions", "$defs"}) {
      if (auto* named = object.if_contains(word)) look_at_named(*named, place.of(word), word);
    }
    references_.emplace(target, where);
    if (place.same_value) same_value_[place.owner].insert(target);
  }

  void look_at_words(json::object& object, const Place& place) {
    std::vector<std::string> remarks;
    for (auto& [key, value] : object) {
      const std::string name(key);
      const Word* word = word_named(name);
      if (!word) {
        errors_.add(place.path + '.' + name, "is not a word of JSON Schema draft 7 that is supported here");
      } else if (word->holds == Holds::kRemark) {
        remarks.push_back(name);
      } else {
        look_into(*word, value, place.of(name));
      }
    }
    for (const auto& remark : remarks) object.erase(remark);
  }

  void look_into(const Word& word, json::value& value, Place place) {
    const bool definitions = word.name == "definitions" || word.name == "$defs";
    place.same_value = place.same_value && word.same_value;
    switch (word.holds) {
      case Holds::kValue:
      case Holds::kRemark:
        return;
      case Holds::kSchema:
        return look_at(value, place);
      case Holds::kItems:
        return value.is_array() ? look_at_list(value, place) : look_at(value, place);
      case Holds::kSchemas:
        return look_at_list(value, place);
      case Holds::kNamed:
        return look_at_named(value, place, definitions ? std::string(word.name) : "");
      case Holds::kDependencies:
        return look_at_dependencies(value, place);
    }
  }

  void look_at_list(json::value& value, const Place& place) {
    if (!value.is_array() || value.get_array().empty()) {
      return errors_.add(place.path, "must be a list of schemas that is not empty");
    }
    for (std::size_t i = 0; i < value.get_array().size(); ++i) look_at(value.get_array()[i], place.at(i));
  }

  void look_at_named(json::value& value, const Place& place, const std::string& definitions) {
    if (!value.is_object()) return errors_.add(place.path, "must be an object of schemas");
    for (auto& [key, schema] : value.get_object()) {
      Place inner = place.of(key);
      if (!definitions.empty()) {
        inner.owner = "#/" + definitions + '/' + std::string(key);
        inner.same_value = true;
        // One further down has no address that a reference may name.
        if (place.depth == 1) definitions_.insert(inner.owner);
      }
      look_at(schema, inner);
    }
  }

  void look_at_dependencies(json::value& value, const Place& place) {
    if (!value.is_object()) return errors_.add(place.path, "must be an object");
    for (auto& [key, needed] : value.get_object()) {
      if (!needed.is_array()) look_at(needed, place.of(key));
    }
  }

  void check_unique_items(const json::object& object, const Place& place) {
    const auto* unique = object.if_contains("uniqueItems");
    if (!unique || *unique != json::value(true)) return;
    const auto* most = object.if_contains("maxItems");
    if (most && most->is_int64() && most->get_int64() <= kUniqueItemsMax) return;
    errors_.add(place.path + ".uniqueItems", "needs a maxItems of at most " + std::to_string(kUniqueItemsMax));
  }

  void rewrite_pattern(json::object& object, const Place& place) {
    const auto* pattern = object.if_contains("pattern");
    if (!pattern) return;
    const std::string where = place.path + ".pattern";
    if (!pattern->is_string()) return errors_.add(where, "must be a text");
    const std::string text(pattern->get_string());
    if (text.size() > kSchemaPatternBytesMax) {
      return errors_.add(where, "must have at most " + std::to_string(kSchemaPatternBytesMax) + " bytes");
    }
    RE2::Options options;
    options.set_log_errors(false);
    const RE2 compiled(text, options);
    if (!compiled.ok()) {
      return errors_.add(
          where, "is no pattern of RE2 (which knows neither look-around nor back-references): " + compiled.error());
    }
    object.erase("pattern");
    object[kPatternWord] = text;
  }

  [[nodiscard]] bool leads_back(const std::string& from, const std::string& to) const {
    std::set<std::string> seen;
    std::vector<std::string> open{from};
    while (!open.empty()) {
      const auto found = same_value_.find(open.back());
      open.pop_back();
      if (found == same_value_.end()) continue;
      for (const auto& target : found->second) {
        if (target == to) return true;
        if (seen.insert(target).second) open.push_back(target);
      }
    }
    return false;
  }

  base::FieldErrors& errors_;
  std::size_t count_ = 0;
  std::set<std::string> definitions_;
  std::map<std::string, std::string> references_;            // target -> where
  std::map<std::string, std::set<std::string>> same_value_;  // definition -> which ones it leads to about one value
};

}  // namespace

void check_schema(json::value& schema, const std::string& path, base::FieldErrors& errors) {
  Rules(errors).check(schema, path);
}

}  // namespace arbiter::core
