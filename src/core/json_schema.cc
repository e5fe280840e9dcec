#include "core/json_schema.h"

#include <re2/re2.h>

#define VALIJSON_USE_EXCEPTIONS 1  // else it ends the process at a mistake
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "core/schema_rules.h"

namespace arbiter::core {

namespace json = base::json;

namespace {

using valijson::ValidationResults;
using valijson::adapters::Adapter;
using valijson::adapters::BoostJsonAdapter;
using valijson::constraints::Constraint;
using valijson::constraints::PolyConstraint;

struct TooManySteps {};

// What is left of the present check.
struct Budget {
  std::int64_t steps = 0;
  void spend(std::int64_t n) {
    if ((steps -= n) < 0) throw TooManySteps();
  }
};

template <typename Derived>
class Counting : public PolyConstraint {
  Constraint* cloneInto(void* place) const override { return new (place) Derived(static_cast<const Derived&>(*this)); }
  [[nodiscard]] std::size_t sizeOf() const override { return sizeof(Derived); }
};

class Step final : public Counting<Step> {
 public:
  explicit Step(Budget& budget) : budget_(&budget) {}
  bool validate(const Adapter&, const std::vector<std::string>& where, ValidationResults*) const override {
    budget_->spend(static_cast<std::int64_t>(where.size()));
    return true;
  }

 private:
  Budget* budget_;
};

class Pattern final : public Counting<Pattern> {
 public:
  Pattern(Budget& budget, std::shared_ptr<const RE2> pattern) : budget_(&budget), pattern_(std::move(pattern)) {}
  bool validate(const Adapter& value, const std::vector<std::string>& where,
                ValidationResults* results) const override {
    std::string text;
    if (!value.maybeString() || !value.asString(text)) return true;
    budget_->spend(1 + static_cast<std::int64_t>(text.size() / 64));
    if (RE2::PartialMatch(text, *pattern_)) return true;
    if (results) results->pushError(where, "must match the pattern " + pattern_->pattern());
    return false;
  }

 private:
  Budget* budget_;
  std::shared_ptr<const RE2> pattern_;
};

class StepBuilder final : public valijson::ConstraintBuilder {
 public:
  explicit StepBuilder(Budget& budget) : budget_(budget) {}
  Constraint* make(const Adapter&) const override { return new Step(budget_); }

 private:
  Budget& budget_;
};

class PatternBuilder final : public valijson::ConstraintBuilder {
 public:
  explicit PatternBuilder(Budget& budget) : budget_(budget) {}
  Constraint* make(const Adapter& pattern) const override {
    RE2::Options options;
    options.set_log_errors(false);
    return new Pattern(budget_, std::make_shared<const RE2>(pattern.asString(), options));
  }

 private:
  Budget& budget_;
};

// `[a]` becomes `.a`; `[3]` stays.
std::string below(const std::string& path, const std::vector<std::string>& context) {
  std::string out = path;
  for (std::size_t i = 1; i < context.size(); ++i) {
    const std::string& part = context[i];
    const bool index = part.find_first_not_of("[0123456789]") == std::string::npos;
    out += index ? part : '.' + part.substr(1, part.size() - 2);
  }
  return out;
}

// A sentence of the validator as what follows a field's name.
std::string message_of(std::string text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kInOurWords{
      {{"Value type not permitted by 'type' constraint", "has another type than its schema allows"},
       {"Missing required property ", "must have the field "},
       {"Object contains a property that could not be validated using 'properties' or 'additionalProperties' "
        "constraints: ",
        "has a field that its schema does not know: "}}};
  if (text.ends_with('.')) text.pop_back();
  if (text.starts_with("must ")) return text;
  for (const auto& [theirs, ours] : kInOurWords) {
    if (text.starts_with(theirs)) return std::string(ours) + text.substr(theirs.size());
  }
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return "does not fit its schema: " + text;
}

// That a whole fails because a part of it does is no news beside the part.
bool is_said_better(const ValidationResults& results, const ValidationResults::Error& error) {
  if (!error.description.starts_with("Failed to validate")) return false;
  return std::any_of(results.begin(), results.end(), [&](const auto& other) {
    return other.context.size() > error.context.size() &&
           std::equal(error.context.begin(), error.context.end(), other.context.begin());
  });
}

}  // namespace

struct JsonSchema::Compiled {
  Budget budget;
  valijson::Schema schema;
};

JsonSchema::JsonSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
JsonSchema::~JsonSchema() = default;

std::unique_ptr<JsonSchema> JsonSchema::compile(const json::value& schema, const std::string& path,
                                                base::FieldErrors& errors) {
  json::value rewritten = schema;
  base::FieldErrors found;
  check_schema(rewritten, path, found);
  auto compiled = std::make_unique<Compiled>();
  if (found.empty()) {
    try {
      valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
      parser.addConstraintBuilder(kStepWord, new StepBuilder(compiled->budget));
      parser.addConstraintBuilder(kPatternWord, new PatternBuilder(compiled->budget));
      parser.populateSchema(BoostJsonAdapter(rewritten), compiled->schema);
      return std::unique_ptr<JsonSchema>(new JsonSchema(std::move(compiled)));
    } catch (const std::exception& why) {
      found.add(path, std::string("is no JSON Schema: ") + why.what());
    }
  }
  for (auto& error : found.take()) errors.add(std::move(error.field), std::move(error.message));
  return nullptr;
}

bool JsonSchema::check(const json::value& value, const std::string& path, base::FieldErrors& errors) const {
  ValidationResults results;
  compiled_->budget.steps = kSchemaStepsMax;
  try {
    valijson::Validator validator;
    if (validator.validate(compiled_->schema, BoostJsonAdapter(value), &results)) return true;
  } catch (const TooManySteps&) {
    errors.add(path, "takes more than " + std::to_string(kSchemaStepsMax) + " steps to check against its schema");
    return false;
  } catch (const std::exception& why) {
    errors.add(path, std::string("cannot be checked against its schema: ") + why.what());
    return false;
  }
  std::size_t told = 0;
  for (const auto& error : results) {
    if (is_said_better(results, error) || ++told > kSchemaErrorsMax) continue;
    errors.add(below(path, error.context), message_of(error.description));
  }
  if (told > kSchemaErrorsMax) {
    errors.add(path, "breaks its schema in " + std::to_string(told - kSchemaErrorsMax) + " more places");
  }
  return false;
}

}  // namespace arbiter::core
