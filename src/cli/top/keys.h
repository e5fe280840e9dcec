// What the keys of `arbiter top` do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/top/screen.h"

namespace arbiter::cli::top {

inline constexpr std::size_t kFilterMax = 64;

enum class KeyKind { kText, kEnter, kEscape, kTab, kBackTab, kBackspace, kUp, kDown, kPageUp, kPageDown, kHome, kEnd };
struct Key {
  KeyKind kind = KeyKind::kText;
  char text = 0;
};

// The keys in what a terminal sent at a time; sequences that mean none of them are passed over.
[[nodiscard]] std::vector<Key> read_keys(std::string_view bytes);

// `page`: how many rows a page has.
void press(const Key& key, std::size_t page, Choice& choice);

}  // namespace arbiter::cli::top
