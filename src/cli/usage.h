// What is said when a command line makes no sense.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
class ParseError;
class Validator;
}  // namespace CLI

namespace arbiter::cli {

// Names the word that was not understood, what was probably meant, and where the help is. `first_word` is the first
// argument of the program.
[[nodiscard]] std::string usage_error(const CLI::App& root, const CLI::ParseError& error,
                                      const std::string& first_word);

// Whether a command line asks for JSON, as far as it can be told before it is understood.
[[nodiscard]] bool asks_for_json(int argc, const char* const* argv);

// A whole number that is not below `low`.
[[nodiscard]] CLI::Validator at_least(std::int64_t low);

}  // namespace arbiter::cli
