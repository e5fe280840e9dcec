#include "cli/top/keys.h"

#include <algorithm>
#include <optional>

namespace arbiter::cli::top {
namespace {

// The whole sequence `ESC [ ... letter` (or `ESC O letter`) at the beginning of `bytes`, without ESC.
std::string_view sequence_of(std::string_view bytes) {
  if (bytes.size() < 2 || (bytes[1] != '[' && bytes[1] != 'O')) return {};
  std::size_t end = 2;
  while (end < bytes.size() && (bytes[end] < 0x40 || bytes[end] > 0x7E)) ++end;
  return bytes.substr(1, std::min(end + 1, bytes.size()) - 1);
}

std::optional<KeyKind> meaning_of(std::string_view sequence) {
  static constexpr std::pair<std::string_view, KeyKind> kSequences[] = {
      {"[A", KeyKind::kUp},      {"OA", KeyKind::kUp},        {"[B", KeyKind::kDown},   {"OB", KeyKind::kDown},
      {"[5~", KeyKind::kPageUp}, {"[6~", KeyKind::kPageDown}, {"[H", KeyKind::kHome},   {"OH", KeyKind::kHome},
      {"[1~", KeyKind::kHome},   {"[F", KeyKind::kEnd},       {"OF", KeyKind::kEnd},    {"[4~", KeyKind::kEnd},
      {"[Z", KeyKind::kBackTab}, {"[C", KeyKind::kTab},       {"[D", KeyKind::kBackTab}};
  for (const auto& [text, kind] : kSequences) {
    if (text == sequence) return kind;
  }
  return std::nullopt;
}

void turn(Choice& choice, std::size_t views) {
  choice.view = static_cast<View>((static_cast<std::size_t>(choice.view) + views) % kViews);
  choice.skip = 0;
}

void type(const Key& key, Choice& choice) {
  if (key.kind == KeyKind::kText && choice.filter.size() < kFilterMax) choice.filter += key.text;
  if (key.kind == KeyKind::kBackspace && !choice.filter.empty()) choice.filter.pop_back();
  if (key.kind == KeyKind::kEscape) choice.filter.clear();
  if (key.kind == KeyKind::kEscape || key.kind == KeyKind::kEnter) choice.typing = false;
}

void press_text(char text, Choice& choice) {
  if (text == 'q' || text == 'Q') choice.quit = true;
  if (text == 'p' || text == ' ') choice.paused = !choice.paused;
  if (text == '/') choice.typing = true;
  if (text >= '1' && text < static_cast<char>('1' + kViews)) {
    choice.view = static_cast<View>(text - '1');
    choice.skip = 0;
  }
  if (text == 'j') ++choice.skip;
  if (text == 'k') choice.skip -= std::min<std::size_t>(1, choice.skip);
}

}  // namespace

std::vector<Key> read_keys(std::string_view bytes) {
  std::vector<Key> keys;
  while (!bytes.empty()) {
    const char first = bytes.front();
    std::size_t used = 1;
    if (first == '\x1b') {
      const auto sequence = sequence_of(bytes);
      used += sequence.size();
      const auto meaning = sequence.empty() ? KeyKind::kEscape : meaning_of(sequence);
      if (meaning) keys.push_back({*meaning});
    } else if (first == '\r' || first == '\n') {
      keys.push_back({KeyKind::kEnter});
    } else if (first == '\t') {
      keys.push_back({KeyKind::kTab});
    } else if (first == '\x7f' || first == '\b') {
      keys.push_back({KeyKind::kBackspace});
    } else if (first >= ' ' && first < '\x7f') {
      keys.push_back({KeyKind::kText, first});
    }
    bytes.remove_prefix(used);
  }
  return keys;
}

void press(const Key& key, std::size_t page, Choice& choice) {
  if (choice.typing) {
    choice.skip = 0;
    return type(key, choice);
  }
  switch (key.kind) {
    case KeyKind::kText:
      return press_text(key.text, choice);
    case KeyKind::kEscape:
      choice.filter.clear();
      return;
    case KeyKind::kTab:
      return turn(choice, 1);
    case KeyKind::kBackTab:
      return turn(choice, kViews - 1);
    case KeyKind::kUp:
      choice.skip -= std::min<std::size_t>(1, choice.skip);
      return;
    case KeyKind::kDown:
      ++choice.skip;
      return;
    case KeyKind::kPageUp:
      choice.skip -= std::min(page, choice.skip);
      return;
    case KeyKind::kPageDown:
      choice.skip += page;
      return;
    case KeyKind::kHome:
      choice.skip = 0;
      return;
    case KeyKind::kEnd:
      choice.skip = kListed;
      return;
    case KeyKind::kEnter:
    case KeyKind::kBackspace:
      return;
  }
}

}  // namespace arbiter::cli::top
