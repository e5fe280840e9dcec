// What a simulation found: nothing, or the first broken rule.
#pragma once

#include <string>
#include <string_view>

namespace arbiter::sim {

class Verdict {
 public:
  // `promise` is its number in docs/ARCHITECTURE.md, or the name of a rule.
  void broken(std::string_view promise, std::string text) {
    if (failed()) return;
    text_ = "violated promise " + std::string(promise) + ": " + std::move(text);
  }
  [[nodiscard]] bool failed() const { return !text_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace arbiter::sim

// The text is made only when the rule is broken.
#define EXPECT_RULE(verdict, condition, promise, text)     \
  do {                                                     \
    if (!(condition)) (verdict).broken((promise), (text)); \
  } while (false)
