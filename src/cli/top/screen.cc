#include "cli/top/screen.h"

#include <algorithm>
#include <array>

#include "cli/fields.h"
#include "cli/top/sections.h"

namespace arbiter::cli::top {
namespace {

constexpr std::size_t kRoomyRows = 36;       // from here on a blank line stands between the parts
constexpr std::size_t kAroundThePage = 5;    // lines: title, counts, views, headings, keys
constexpr std::size_t kRowsWithoutEnd = 20;  // of a part, when the screen has no end

std::string clock_of(base::Timestamp time) { return base::to_rfc3339(time).substr(11, 8) + "Z"; }

std::string rate_of(const Picture& picture, std::string_view key) {
  double sum = 0;
  for (const auto& queue : picture.queues) {
    const auto& value = at(queue, key);
    if (value.is_number()) sum += value.to_number<double>();
  }
  char out[32];
  std::snprintf(out, sizeof out, "%.1f/s", sum);
  return out;
}

std::int64_t depth_of(const Picture& picture, std::initializer_list<const char*> states) {
  std::int64_t sum = 0;
  for (const auto& queue : picture.queues) {
    for (const char* state : states) sum += number(at(queue, "depth"), state);
  }
  return sum;
}

std::int64_t workers_in(const Picture& picture, std::string_view state, bool busy_only) {
  return std::count_if(picture.workers.begin(), picture.workers.end(), [&](const auto& worker) {
    return text(worker, "state") == state && (!busy_only || number(worker, "running") > 0);
  });
}

// How many things wait for a person.
std::int64_t waiting(const Picture& picture) {
  const auto& open = at(picture.inbox, "open");
  return number(open, "questions") + number(open, "incidents") + number(open, "deadTasks");
}

// Two texts at the two ends of a line; the left one gives way.
std::string spread(const std::string& left, const std::string& right, Colour colour, std::size_t columns,
                   bool colours) {
  const auto end = shortened(right, columns);
  const auto room = columns - std::min(columns, width(end));
  if (room < 3) return coloured(end, colour, colours);
  return coloured(fitted(left, room - 2), Colour::kBold, colours) + "  " + coloured(end, colour, colours);
}

std::string title(const Picture& picture, const Link& link, const Choice& choice, std::size_t columns,
                  base::Timestamp now, bool colours) {
  const auto version = text(picture.status, "version");
  const auto left = "arbiter " + version + "  " + picture.url + "  " + picture.namespace_name;
  if (!link.live) {
    const auto away = std::max<std::int64_t>(0, now.ms - link.since.ms);
    return spread("arbiter  " + picture.url, "NOT LIVE for " + human_duration(away) + ", since " + clock_of(link.since),
                  Colour::kRed, columns, colours);
  }
  if (choice.paused) return spread(left, "paused at " + clock_of(picture.at), Colour::kYellow, columns, colours);
  return spread(left, "live  " + clock_of(picture.at), Colour::kGreen, columns, colours);
}

std::string counts(const Picture& picture, std::size_t columns) {
  const auto busy = workers_in(picture, "live", true) + workers_in(picture, "draining", true);
  const auto live = workers_in(picture, "live", false) + workers_in(picture, "draining", false);
  std::string out = "workers " + std::to_string(busy) + " busy " + std::to_string(live - busy) + " idle";
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) out += " " + std::to_string(count) + " " + what;
  };
  add(workers_in(picture, "lost", false), "lost");
  out += "  tasks " + std::to_string(depth_of(picture, {"running", "assigned"})) + " running";
  add(depth_of(picture, {"suspended"}), "suspended");
  add(depth_of(picture, {"queued"}), "queued");
  add(depth_of(picture, {"pending"}), "pending");
  out += "  done " + rate_of(picture, "completedPerSecond") + " failed " + rate_of(picture, "failedPerSecond");
  return shortened(out + "  up " + human_duration(number(picture.status, "uptimeMs")), columns);
}

std::string tabs(const Picture& picture, const Choice& choice, std::size_t columns, bool colours) {
  static constexpr std::array<const char*, kViews> kNames{"All", "Inbox", "Workers", "Tasks", "Queues", "Events"};
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < kViews; ++i) {
    std::string name = std::to_string(i + 1) + " " + kNames[i];
    const bool calls = i == static_cast<std::size_t>(View::kInbox) && waiting(picture) > 0;
    if (calls) name += " (" + std::to_string(waiting(picture)) + ")";
    const bool chosen = i == static_cast<std::size_t>(choice.view);
    if (chosen) name.insert(0, "[").append("]");
    if (used + width(name) + 2 > columns) break;
    used += width(name) + 2;
    out += coloured(name, calls ? Colour::kYellow : chosen ? Colour::kBold : Colour::kGrey, colours) + "  ";
  }
  if (choice.filter.empty() && !choice.typing) return out.substr(0, out.find_last_not_of(' ') + 1);
  const auto filter = "/" + choice.filter + (choice.typing ? "_" : "");
  return used + 2 < columns ? out + coloured(shortened(filter, columns - used), Colour::kYellow, colours) : out;
}

std::string keys(const Choice& choice, const Link& link, std::size_t columns, bool colours) {
  if (!link.live) {
    return coloured(shortened("Trying again: " + link.why, columns), Colour::kRed, colours);
  }
  std::string help = "q quit  Tab 1-6 view  / filter  p pause  Up Down scroll";
  if (choice.typing) help = "Enter keeps the filter  Esc takes it away";
  if (choice.view == View::kInbox) help.insert(0, "answer: arbiter question answer ID ANSWER  ");
  return coloured(shortened(help, columns), Colour::kGrey, colours);
}

Section section_of(View view, const Picture& picture, base::Timestamp now) {
  switch (view) {
    case View::kAll:
      return busy_section(picture, now);
    case View::kInbox:
      return inbox_section(picture, now, /*with_ids=*/true);
    case View::kWorkers:
      return workers_section(picture, now);
    case View::kTasks:
      return tasks_section(picture, now);
    case View::kQueues:
      return queues_section(picture, now);
    case View::kEvents:
      return events_section(picture);
  }
  return {};
}

// How many lines each part gets of `room`: first its heading and a row, then one row after the other in turn.
std::vector<std::size_t> shares(const std::vector<Section>& sections, std::size_t room) {
  std::vector<std::size_t> given(sections.size(), 0);
  const auto wanted = [&](std::size_t i) { return sections[i].rows.size() + 1; };
  for (std::size_t i = 0; i < sections.size(); ++i) {
    given[i] = std::min({wanted(i), std::size_t{2}, room});
    room -= given[i];
  }
  for (bool more = true; more && room > 0;) {
    more = false;
    for (std::size_t i = 0; i < sections.size() && room > 0; ++i) {
      if (given[i] == 0 || given[i] >= wanted(i)) continue;
      ++given[i];
      --room;
      more = true;
    }
  }
  return given;
}

std::vector<std::string> all_parts(const Picture& picture, const Choice& choice, Size size, std::size_t room,
                                   base::Timestamp now, bool colours) {
  std::vector<Section> sections;
  for (const View view : {View::kInbox, View::kWorkers, View::kAll, View::kQueues, View::kEvents}) {
    sections.push_back(view == View::kInbox ? inbox_section(picture, now, /*with_ids=*/false)
                                            : section_of(view, picture, now));
    keep_matching(sections.back(), choice.filter);
  }
  const bool endless = size.rows == 0;
  const bool roomy = endless || size.rows >= kRoomyRows;
  if (!endless && roomy) room -= sections.size() - 1;
  const auto given = endless ? std::vector<std::size_t>(sections.size(), kRowsWithoutEnd + 1) : shares(sections, room);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    if (given[i] == 0) continue;
    if (roomy && i > 0) out.emplace_back();
    for (auto& line : lines_of(sections[i], size.columns, given[i] - 1, 0, colours)) out.push_back(std::move(line));
  }
  return out;
}

std::vector<std::string> one_part(const Picture& picture, const Choice& choice, Size size, std::size_t room,
                                  base::Timestamp now, bool colours) {
  Section section = section_of(choice.view, picture, now);
  keep_matching(section, choice.filter);
  const auto rows = size.rows == 0 ? section.rows.size() : room - std::min<std::size_t>(1, room);
  return lines_of(section, size.columns, rows, choice.skip, colours);
}

}  // namespace

std::size_t page_of(Size size) { return size.rows - std::min(size.rows, kAroundThePage); }

void keep_in_range(const Picture& picture, Choice& choice, Size size, base::Timestamp now) {
  Section section = section_of(choice.view, picture, now);
  keep_matching(section, choice.filter);
  choice.skip = std::min(choice.skip, section.rows.size() - std::min(section.rows.size(), page_of(size)));
}

std::vector<std::string> frame(const Picture& picture, const Link& link, const Choice& choice, Size size,
                               base::Timestamp now, bool colours) {
  size.columns = std::max<std::size_t>(size.columns, 1);
  std::vector<std::string> out = {title(picture, link, choice, size.columns, now, colours),
                                  counts(picture, size.columns)};
  if (size.rows > 0) out.push_back(tabs(picture, choice, size.columns, colours));
  if (size.rows == 0) out.emplace_back();
  constexpr std::size_t footer = 1;
  const auto room = size.rows - std::min(size.rows, out.size() + footer);
  auto parts = choice.view == View::kAll ? all_parts(picture, choice, size, room, now, colours)
                                         : one_part(picture, choice, size, room, now, colours);
  for (auto& line : parts) out.push_back(std::move(line));
  if (size.rows == 0) return out;
  out.resize(size.rows > 0 ? size.rows - 1 : 0);
  out.push_back(keys(choice, link, size.columns, colours));
  return out;
}

}  // namespace arbiter::cli::top
