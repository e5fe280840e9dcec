#include "base/result.h"

#include <boost/mp11/algorithm.hpp>
#include <map>

namespace arbiter::base {

const ErrorInfo& info(ErrorCode code) {
  using enum ErrorCode;
  // Exit codes: 1 internal, 2 usage, 3 not found, 4 conflict, 5 not allowed, 6 try again later, 7 unreachable.
  static const std::map<ErrorCode, ErrorInfo> table = {
      {kInvalidRequest, {"invalid_request", "The request has bad fields", 400, 2}},
      {kUnauthorized, {"unauthorized", "A valid token is required", 401, 5}},
      {kForbidden, {"forbidden", "This token may not do that", 403, 5}},
      {kForeignHost, {"foreign_host", "The Host header does not name this server", 421, 5}},
      {kForeignOrigin, {"foreign_origin", "Requests from this origin are not allowed", 403, 5}},
      {kNotFound, {"not_found", "There is no such thing", 404, 3}},
      {kMethodNotAllowed, {"method_not_allowed", "This path does not take that method", 405, 2}},
      {kIdConflict, {"id_conflict", "The id is taken by something else", 409, 4}},
      {kDuplicateTask, {"duplicate_task", "Another task holds this unique key", 409, 4}},
      {kStaleLease, {"stale_lease", "The lease is not the current one", 409, 4}},
      {kOutcomeConflict, {"outcome_conflict", "The lease already recorded another outcome", 409, 4}},
      {kInvalidState, {"invalid_state", "The present state does not allow this", 409, 4}},
      {kUnknownWorker, {"unknown_worker", "The worker is not registered", 404, 3}},
      {kSessionReplaced, {"session_replaced", "A newer session of this worker took over", 409, 4}},
      {kUnknownDependency, {"unknown_dependency", "A dependency does not exist", 400, 2}},
      {kDependencyCycle, {"dependency_cycle", "The dependencies form a cycle", 400, 2}},
      {kLineageLimit, {"lineage_limit", "The limit of retries and children of one root task is reached", 429, 6}},
      {kBudgetExhausted, {"budget_exhausted", "A budget is used up", 409, 4}},
      {kTooLarge, {"too_large", "The request is over a size limit", 413, 2}},
      {kQueueFull, {"queue_full", "The queue is full", 429, 6}},
      {kQueueDraining, {"queue_draining", "The queue takes no new tasks", 409, 4}},
      {kRateLimited, {"rate_limited", "Too many requests in a short time", 429, 6}},
      {kOverloaded, {"overloaded", "The server has too much to do", 503, 6}},
      {kHistoryTruncated, {"history_truncated", "The history reaches less far back", 410, 3}},
      {kIdempotencyMismatch, {"idempotency_mismatch", "The idempotency key was used for another request", 409, 4}},
      {kUnsupportedMediaType, {"unsupported_media_type", "Send the body as application/json", 415, 2}},
      {kRequestTimeout, {"request_timeout", "The request did not arrive in time", 408, 6}},
      {kHeadersTooLarge, {"headers_too_large", "The request headers are over their limit", 431, 2}},
      {kNamespaceUnknown, {"namespace_unknown", "There is no such namespace", 404, 3}},
      {kStoreUnavailable, {"store_unavailable", "The store cannot take changes now", 503, 6}},
      {kShuttingDown, {"shutting_down", "The server is stopping", 503, 6}},
      {kFenced, {"fenced", "Another owner took this namespace over", 503, 6}},
      {kUnknown, {"unknown", "The outcome cannot be known", 503, 6}},
      {kNoSpace, {"no_space", "No space is left on the device", 503, 6}},
      {kIoError, {"io_error", "The device failed", 503, 1}},
      {kConnection, {"connection", "The server cannot be reached", 503, 7}},
      {kInternal, {"internal", "Something went wrong inside", 500, 1}},
  };
  return table.at(code);
}

ErrorCode error_code_named(std::string_view name) {
  ErrorCode found = ErrorCode::kUnknown;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<ErrorCode>>([&](auto enumerator) {
    if (info(enumerator.value).name == name) found = enumerator.value;
  });
  return found;
}

}  // namespace arbiter::base
