// Keys: what holds the tasks of one customer, upstream or resource back, and their share of dispatch.
#include "core/core.h"
#include "core/page.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;
using base::Result;

Core::Answer Core::on(const ListKeys& c, Ticket) {
  KeyList list;
  list.next_cursor = page(state_.keys, c.cursor, c.limit, list.items,
                          [&](const auto& entry, auto& items) { items.push_back(view_of(*entry.second)); });
  return Reply(std::move(list));
}

Core::Answer Core::on(const GetKey& c, Ticket) {
  const Key* key = state_.find_key(c.name.value);
  if (key) return Reply(view_of(*key));
  return fail({ErrorCode::kNotFound, "There is no key " + c.name.value +
                                         ": no live task names it, and it was neither configured nor paused."});
}

Result<void> Core::check_keys(const Name& name) const {
  const Key* key = state_.find_key(name.value);
  if ((key && key->kept) || state_.kept_keys < state_.limits.keys_max) return {};
  return fail({ErrorCode::kOverloaded, "There are " + std::to_string(state_.limits.keys_max) +
                                           " configured keys already; use the queue's keyLimits for the rest."});
}

Core::Answer Core::on(const ConfigureKey& c, Ticket) {
  if (auto ok = check_keys(c.name); !ok) return fail(ok.error());
  const Key* key = state_.find_key(c.name.value);
  KeyLimits limits = key ? key->limits : KeyLimits{};
  if (c.concurrency) limits.concurrency = *c.concurrency;
  if (c.rate) limits.rate = *c.rate;
  if (c.weight) limits.weight = *c.weight;
  if (!key || !key->configured || key->limits != limits) emit(KeyConfigured{c.name, limits});
  return Reply(view_of(*state_.find_key(c.name.value)));
}

Core::Answer Core::on(const PauseKey& c, Ticket) {
  if (auto ok = check_keys(c.name); !ok) return fail(ok.error());
  const auto until = pause_end(c.until, c.for_ms);
  if (!until) return fail(until.error());
  const Key* key = state_.find_key(c.name.value);
  if (!key || !key->paused || key->paused_until != (*until ? (*until)->ms : 0)) {
    emit(KeyPaused{c.name, *until, c.reason ? std::optional(c.reason->value) : std::nullopt});
  }
  return Reply(view_of(*state_.find_key(c.name.value)));
}

Core::Answer Core::on(const ResumeKey& c, Ticket) {
  const Key* key = state_.find_key(c.name.value);
  if (!key) return fail({ErrorCode::kNotFound, "There is no key " + c.name.value + "."});
  if (key->paused) emit(KeyResumed{c.name});
  return Reply(view_of(*key));
}

Result<std::optional<Timestamp>> Core::pause_end(const std::optional<Timestamp>& until,
                                                 const std::optional<Int<1, 365 * kDayMs>>& for_ms) const {
  base::FieldErrors errors;
  if (until && for_ms) errors.add("forMs", "cannot be given together with until");
  if (until && until->ms <= now_.wall.ms) {
    errors.add("until", "must be in the future; it is " + base::to_rfc3339(now_.wall) + " now");
  }
  if (!errors.empty()) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  if (for_ms) return std::optional(Timestamp{now_.wall.ms + *for_ms});
  return until;
}

}  // namespace arbiter::core
