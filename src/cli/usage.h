// What is said when a command line makes no sense.
#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
class ParseError;
}  // namespace CLI

namespace arbiter::cli {

// Names the word that was not understood, what was probably meant, and where the help is. `first_word` is the first
// argument of the program.
[[nodiscard]] std::string usage_error(const CLI::App& root, const CLI::ParseError& error,
                                      const std::string& first_word);

}  // namespace arbiter::cli
