#include "api/replies.h"

#include <charconv>

namespace arbiter::api {
namespace {

namespace json = base::json;
using core::LeaseReply;
using core::Reply;
using core::ReportReply;
using core::SubmitReply;
using core::SubmitTaskReply;
using core::TaskView;
using store::Position;

// Calls `visit` with each task of the reply that may carry a payload or a result, in order.
template <typename SomeReply, typename Visit>
void for_each_task(SomeReply& reply, Visit visit) {
  std::visit(
      [&](auto& r) {
        using R = std::decay_t<decltype(r)>;
        if constexpr (std::is_same_v<R, TaskView>) {
          visit(r);
        } else if constexpr (std::is_same_v<R, SubmitTaskReply>) {
          visit(r.task);
        } else if constexpr (std::is_same_v<R, LeaseReply> || std::is_same_v<R, ReportReply>) {
          for (auto& lease : r.leases) visit(lease.task);
        }
      },
      reply);
}

// The same walk over the encoded reply.
template <typename Visit>
void for_each_task(json::value& body, Visit visit) {
  auto* leases = body.get_object().if_contains("leases");
  if (!leases || !leases->is_array()) return visit(body.get_object());
  for (auto& lease : leases->get_array()) visit(lease.get_object()["task"].get_object());
}

int status_of(bool created, Success success) {
  if (success == Success::kAccepted) return 202;
  return created && success == Success::kCreated ? 201 : 200;
}

constexpr bool kWasThere = false;

bool any_created(const SubmitReply& reply) {
  return std::any_of(reply.tasks.begin(), reply.tasks.end(), [](const auto& t) { return t.created; });
}

base::Result<base::RawJson> body_at(store::Reader& reader, Position position) {
  auto document = reader.document(position);
  if (document) return base::RawJson(document->body);
  if (document.error().code == base::ErrorCode::kNotFound) return base::RawJson();
  return base::fail(document.error());
}

constexpr char kStoredMark = 'D';

// Reads a number and the character behind it.
bool take_number(std::string_view& text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end == text.data() + text.size()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

Encoded encode_reply(const Reply& reply, Success success) {
  Encoded out;
  std::visit(
      [&](const auto& r) {
        using R = std::decay_t<decltype(r)>;
        if constexpr (std::is_same_v<R, SubmitTaskReply>) {
          out.status = status_of(r.created, success);
          base::encode(r.task, out.body);
        } else if constexpr (std::is_same_v<R, core::RegisterReply>) {
          out.status = status_of(r.created, success);
          base::encode(r.worker, out.body);
        } else if constexpr (std::is_same_v<R, core::CreateNamespaceReply>) {
          out.status = status_of(r.created, success);
          base::encode(r.created_namespace, out.body);
        } else if constexpr (std::is_same_v<R, core::SetScheduleReply>) {
          out.status = status_of(r.created, success);
          base::encode(r.schedule, out.body);
        } else if constexpr (std::is_same_v<R, core::SetBudgetReply>) {
          out.status = status_of(r.created, success);
          base::encode(r.budget, out.body);
        } else if constexpr (std::is_same_v<R, core::SetTaskTypeReply>) {
          out.status = status_of(r.created, success);
          base::encode(r.type, out.body);
        } else if constexpr (std::is_same_v<R, core::AskReply>) {
          out.status = status_of(r.created, success);
          base::encode(r.question, out.body);
        } else if constexpr (std::is_same_v<R, core::OpenIncidentReply>) {
          out.status = status_of(r.created, success);
          base::encode(r.incident, out.body);
        } else if constexpr (std::is_same_v<R, SubmitReply>) {
          out.status = status_of(any_created(r), success);
          out.body.reserve(r.tasks.size() * 80);
          base::encode(r, out.body);
        } else {
          out.status = status_of(kWasThere, success);
          base::encode(r, out.body);
        }
      },
      reply);
  return out;
}

std::size_t elements_of(const Reply& reply) {
  return std::visit(
      [](const auto& r) -> std::size_t {
        if constexpr (std::is_same_v<std::decay_t<decltype(r)>, core::SnapshotReply>) {
          return 1;  // Encoded by its subscription.
        } else if constexpr (requires { r.results; }) {
          return r.leases.size() + r.results.size();
        } else if constexpr (requires { r.leases; }) {
          return r.leases.size();
        } else if constexpr (requires { r.items; }) {
          return r.items.size();
        } else if constexpr (requires { r.tasks; }) {
          return r.tasks.size();
        } else if constexpr (requires { r.nodes; }) {
          return r.nodes.size();
        } else {
          return 1;
        }
      },
      reply);
}

std::vector<core::Cancellation> leases_in(const Reply& reply) {
  std::vector<core::Cancellation> leases;
  const auto add = [&](const auto& r) {
    for (const auto& lease : r.leases) leases.push_back({lease.task.id, lease.lease});
  };
  if (const auto* lease = std::get_if<LeaseReply>(&reply)) add(*lease);
  if (const auto* report = std::get_if<ReportReply>(&reply)) add(*report);
  return leases;
}

bool needs_documents(const Reply& reply) {
  bool needed = false;
  for_each_task(
      reply, [&](const TaskView& task) { needed = needed || task.payload_document != 0 || task.result_document != 0; });
  return needed;
}

base::Result<void> attach_documents(Reply& reply, store::Reader& reader) {
  base::Result<void> outcome;
  const auto attach = [&](Position& position, base::RawJson& into) {
    if (position == 0 || !outcome) return;
    auto body = body_at(reader, position);
    if (!body) {
      outcome = base::fail(body.error());
      return;
    }
    into = std::move(*body);
    position = 0;
  };
  for_each_task(reply, [&](TaskView& task) {
    attach(task.payload_document, task.payload);
    attach(task.result_document, task.result);
  });
  return outcome;
}

engine::StoredReply to_stored(const Reply& reply, Success success) {
  Encoded encoded = encode_reply(reply, success);
  std::string places;  // `D` and for each document: task's index, p or r, position
  std::size_t index = 0;
  for_each_task(reply, [&](const TaskView& task) {
    const auto add = [&](char member, Position position) {
      if (position == 0) return;
      places += std::to_string(index) + member + std::to_string(position) + ' ';
    };
    add('p', task.payload_document);
    add('r', task.result_document);
    ++index;
  });
  if (places.empty()) return {encoded.status, std::move(encoded.body)};
  return {encoded.status, kStoredMark + places + '\n' + encoded.body};
}

bool needs_documents(const engine::StoredReply& stored) { return stored.body.starts_with(kStoredMark); }

base::Result<std::string> restore(const engine::StoredReply& stored, store::Reader& reader) {
  const std::size_t line = stored.body.find('\n');
  std::string_view places = std::string_view(stored.body).substr(1, line - 1);
  auto body = base::parse_json(std::string_view(stored.body).substr(line + 1));
  if (!body) return base::fail(body.error());
  std::vector<json::object*> tasks;
  for_each_task(*body, [&](json::object& task) { tasks.push_back(&task); });
  while (!places.empty()) {
    std::uint64_t index = 0;
    std::uint64_t position = 0;
    const auto member_at = places.find_first_of("pr");
    const bool is_payload = member_at != std::string_view::npos && places[member_at] == 'p';
    if (!take_number(places, index) || !take_number(places, position) || index >= tasks.size()) break;
    auto text = body_at(reader, position);
    if (!text) return base::fail(text.error());
    if (text->empty()) continue;
    auto value = base::parse_json(text->text());
    if (value) (*tasks[index])[is_payload ? "payload" : "result"] = std::move(*value);
  }
  return json::serialize(*body);
}

}  // namespace arbiter::api
