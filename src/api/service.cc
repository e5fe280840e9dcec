#include "api/service.h"

#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "api/bearer.h"
#include "api/openapi.h"
#include "api/problem.h"
#include "api/replies.h"
#include "api/session.h"

namespace arbiter::api {

using base::ErrorCode;
using base::fail;

namespace {

constexpr std::size_t kElementsOnStrandMax = 8;  // longer answers are encoded elsewhere
constexpr std::size_t kIdempotencyKeyBytesMax = 128;

base::Error bad_field(std::string field, std::string message) {
  return {ErrorCode::kInvalidRequest, "Some fields are not valid.", {{std::move(field), std::move(message)}}};
}

bool is_json(std::string_view content_type) {
  const std::string_view kind = content_type.substr(0, content_type.find(';'));
  const auto end = kind.find_last_not_of(" \t");
  return end != std::string_view::npos && boost::algorithm::iequals(kind.substr(0, end + 1), "application/json");
}

void refuse_too_many(Call& call, std::string_view of, std::int64_t wait_ms) {
  constexpr std::int64_t kWaitMaxMs = 3'600'000;
  const base::Error error{ErrorCode::kRateLimited,
                          "There are too many " + std::string(of) + " in a short time. Retry-After says when to go on.",
                          {},
                          static_cast<int>(std::min(wait_ms, kWaitMaxMs))};
  call.refuse(error);
}

}  // namespace

Service::Service(boost::asio::io_context& io, engine::Engine& engine, const base::Clock& clock, ServiceConfig config)
    : io_(io),
      engine_(engine),
      clock_(clock),
      config_(std::move(config)),
      started_at_(clock.wall()),
      openapi_(openapi_document(config_.version)),
      metrics_(operations()),
      sampling_(boost::asio::make_strand(io)),
      sample_timer_(sampling_),
      router_(operations()),
      page_(config_.page),
      addresses_(config_.address_rate),
      refused_addresses_(config_.refused_address_rate),
      tokens_(io, engine, clock),
      namespaces_(engine, config_.namespaces_max),
      disk_reserve_(config_.disk_reserve_bytes, config_.free_bytes, clock),
      feeds_(io, engine) {}

Service::~Service() = default;

base::Result<void> Service::take_stream() {
  const auto before = metrics_.streams_open.fetch_add(1, std::memory_order_relaxed);
  if (before < static_cast<std::int64_t>(config_.streams_max)) return {};
  metrics_.streams_open.fetch_sub(1, std::memory_order_relaxed);
  return fail({ErrorCode::kOverloaded,
               "There are " + std::to_string(config_.streams_max) + " open streams and WebSockets, which is the limit.",
               {},
               1'000});
}

void Service::begin_shutdown() {
  stopping_ = true;
  boost::asio::post(sampling_, [this] { sample_timer_.cancel(); });
}

void Service::begin_sampling() {
  boost::asio::post(sampling_, [this] { sample_later(); });
}

void Service::sample_later() {
  if (stopping_) return;
  sample_timer_.expires_after(std::chrono::milliseconds(config_.sample_interval_ms));
  sample_timer_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    engine_.report([this](std::vector<engine::NamespaceReport> reports) {
      boost::asio::post(sampling_, [this, reports = std::move(reports)]() mutable {
        history_.add(clock_.wall(),
                     sampler_.take(observe(engine_, std::move(reports), metric_names_), metrics_.requests(),
                                   metrics_.failed_requests(), clock_.monotonic_ms()));
        sample_later();
      });
    });
  });
}

void Service::post(std::function<void()> job) { boost::asio::post(io_, std::move(job)); }

net::Response Service::refuse(const base::Error& error, const std::string& request_id) {
  metrics_.observe(operations().size(), base::info(error.code).http_status, {});
  return problem_response(error, request_id);
}

// ---- the way in -----------------------------------------------------------------------------------------------

void Service::handle(net::Request request, std::shared_ptr<net::Responder> responder) {
  auto call = std::make_shared<Call>(metrics_, std::move(request), std::move(responder));
  const auto [path, query] = split_target(call->request.target);
  Route route = router_.find(call->request.method, path);
  call->operation = route.operation;
  call->path = std::move(route.values);
  // Whoever asks whether the server lives shall hear it.
  const bool is_open = call->operation && call->operation->permission == Permission::kNone;
  const bool is_probe = is_open && !call->operation->path.starts_with("/api/");
  if (!is_probe) {
    const std::int64_t wait_ms = addresses_.take(call->request.remote, clock_.monotonic_ms());
    if (wait_ms > 0) return refuse_too_many(*call, "requests from this address", wait_ms);
  }
  if (!call->operation) {
    if (route.allow.empty()) {
      if (const auto* file = page_.find(path)) return call->reply(page_response(*file, call->request));
      return call->refuse({ErrorCode::kNotFound, "There is nothing at this path. /openapi.json lists what there is."});
    }
    auto response =
        problem_response({ErrorCode::kMethodNotAllowed, "This path takes only " + route.allow + "."}, call->request.id);
    response.headers.emplace_back("Allow", route.allow);
    return call->reply(std::move(response));
  }
  call->actor.request_id = call->request.id;
  begin_trace(*call);
  auto values = parse_query(query);
  if (values) {
    call->query = std::move(*values);
  } else {
    call->bad_query = values.error();
  }
  if (!is_open) return authorise(call);
  if (auto checked = check_body(*call); !checked) return call->refuse(checked.error());
  run(call);
}

// A trace that a request brings goes on. Without export that is all; with it the request gets a span, unless it is one
// of those that look at the server itself. What a caller says of sampling counts once it is known who calls.
void Service::begin_trace(Call& call) {
  const std::string_view header = call.request.header("traceparent");
  CallTrace& trace = call.trace;
  trace.incoming = base::TraceContext::parse(header);
  const bool looks_at_server = call.operation->scope == Scope::kServer;
  if (header.empty() && (!config_.spans || looks_at_server)) return;
  trace.context = trace.incoming ? *trace.incoming : trace_ids_.begin();
  if (!config_.spans) {
    if (!trace.incoming) trace.context->sampled = false;
  } else {
    trace.spans = config_.spans;
    trace.parent = trace.incoming ? trace.incoming->span : 0;
    trace.context->sampled = trace.context->is_chosen(config_.trace_ratio) && trace.spans->has_room();
  }
  settle_trace(call);
}

// What the tasks of this request and its answer refer to: its own span, when that is told, else the caller's.
void Service::settle_trace(Call& call) {
  CallTrace& trace = call.trace;
  if (!trace.context) return;
  if (trace.spans) {
    trace.context->span = trace.context->sampled || !trace.incoming ? trace_ids_.next() : trace.incoming->span;
  }
  call.actor.trace = trace.context->sampled || trace.incoming || !trace.spans ? trace.context->text() : std::string();
}

void Service::authorise(const CallPtr& call) {
  if (!config_.authentication) return authorised(call, nullptr);
  std::string_view token = token_of(call->request);
  const bool by_cookie = token.empty() && call->request.header("Authorization").empty();
  if (by_cookie) token = session_token(call->request);
  if (token.empty()) {
    return call->refuse({ErrorCode::kUnauthorized,
                         "Send the token as `Authorization: Bearer TOKEN`. The first one is in the file admin.token of "
                         "the server's data directory."});
  }
  const bool acts = call->request.method != "GET" && call->request.method != "HEAD";
  if (by_cookie && (acts || net::is_upgrade(call->request)) && !is_same_origin(call->request)) {
    return call->refuse({ErrorCode::kForeignOrigin,
                         "With a session's cookie only a page of this server may do that; others send the token as "
                         "`Authorization: Bearer TOKEN`."});
  }
  authenticate(call, token,
               [this, call](std::shared_ptr<Credential> credential) { authorised(call, std::move(credential)); });
}

void Service::authenticate(const CallPtr& call, std::string_view token, Admitted then) {
  const std::string hash = token_hash(token);
  if (auto credential = tokens_.known(hash)) return admit(call, std::move(credential), then);
  const std::int64_t wait_ms = refused_addresses_.wait_ms(call->request.remote, clock_.monotonic_ms());
  if (wait_ms > 0) return refuse_too_many(*call, "wrong tokens from this address", wait_ms);
  tokens_.find(hash, [this, call, then = std::move(then)](base::Result<std::shared_ptr<Credential>> found) {
    if (!found) {
      if (found.error().code == ErrorCode::kUnauthorized) {
        (void)refused_addresses_.take(call->request.remote, clock_.monotonic_ms());
      }
      return call->refuse(found.error());
    }
    post([this, call, then, credential = std::move(*found)]() mutable { admit(call, std::move(credential), then); });
  });
}

void Service::admit(const CallPtr& call, std::shared_ptr<Credential> credential, const Admitted& then) {
  if (auto valid = credential->check(); !valid) {
    tokens_.forget(credential->hash());
    return call->refuse(valid.error());
  }
  const std::int64_t wait_ms = credential->take(config_.token_rate);
  if (wait_ms > 0) return refuse_too_many(*call, "requests with this token", wait_ms);
  credential->note_use();
  then(std::move(credential));
}

void Service::authorised(const CallPtr& call, std::shared_ptr<Credential> credential) {
  call->actor.name = credential ? credential->name() : std::string(kAdmin);
  call->is_admin = true;  // There are no roles yet: every token is an administrator's.
  call->credential = std::move(credential);
  if (config_.authentication && call->trace.spans && call->trace.incoming &&
      call->trace.context->sampled != call->trace.incoming->sampled) {
    call->trace.context->sampled = call->trace.incoming->sampled;
    settle_trace(*call);
  }
  if (call->bad_query) return call->refuse(*call->bad_query);  // Strangers learn nothing but that they have no token.
  if (call->operation->permission == Permission::kAdmin && !call->is_admin) {
    return call->refuse({ErrorCode::kForbidden, "Only an administrator may do that."});
  }
  if (auto chosen = choose_namespace(*call); !chosen) return call->refuse(chosen.error());
  if (auto checked = check_body(*call); !checked) return call->refuse(checked.error());
  if (auto taken = take_idempotency_key(*call); !taken) return call->refuse(taken.error());
  if (auto room = disk_reserve_.check(*call->operation); !room) return call->refuse(room.error());
  enter_namespace(call);
}

base::Result<void> Service::choose_namespace(Call& call) const {
  std::string_view name = call.request.header("Arbiter-Namespace");
  for (const auto& value : call.query) {
    if (value.name != "namespace") continue;
    if (!name.empty() && name != value.value) {
      return fail(bad_field("namespace", "is not the one of the header Arbiter-Namespace, or is given twice"));
    }
    if (value.value.empty()) return fail(bad_field("namespace", "is empty"));
    name = value.value;
  }
  if (call.operation->scope != Scope::kNamespace) {
    call.namespace_name = kSystem;
    return {};
  }
  call.namespace_name = name.empty() ? "default" : name;
  if (!base::is_name(call.namespace_name)) {
    return fail(bad_field("namespace", "must match " + std::string(base::kNamePattern)));
  }
  if (call.namespace_name != kSystem) return {};
  if (!call.is_admin || !call.operation->name.starts_with("events.")) {
    return fail({ErrorCode::kForbidden, "Of the namespace system only the events can be read, by an administrator."});
  }
  return {};
}

base::Result<void> Service::check_body(const Call& call) const {
  const net::Request& request = call.request;
  if (!call.operation->has_body() || request.body.empty()) return {};
  const bool is_large = call.operation->body == BodySize::kLarge;
  const std::size_t max = is_large ? config_.large_body_bytes_max : config_.body_bytes_max;
  if (request.body.size() > max) {
    return fail({ErrorCode::kTooLarge, "The body has " + std::to_string(request.body.size()) +
                                           " bytes; this operation takes at most " + std::to_string(max) + "."});
  }
  if (!is_json(request.header("Content-Type"))) {
    return fail({ErrorCode::kUnsupportedMediaType, "Send the body as JSON, with `Content-Type: application/json`."});
  }
  return {};
}

base::Result<void> Service::take_idempotency_key(Call& call) {
  const std::string_view key = call.request.header("Idempotency-Key");
  if (key.empty() || !call.operation->is_mutation()) return {};
  const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (key.size() > kIdempotencyKeyBytesMax || !visible) {
    return fail(bad_field("Idempotency-Key", "must be 1 to 128 visible ASCII characters"));
  }
  call.idempotency_key = key;
  return {};
}

void Service::enter_namespace(const CallPtr& call) {
  if (call->operation->scope != Scope::kNamespace || namespaces_.exists(call->namespace_name)) return run(call);
  if (call->namespace_name == kSystem) return run(call);
  if (!call->is_admin) {
    return call->refuse({ErrorCode::kNamespaceUnknown,
                         "There is no namespace " + call->namespace_name + "; an administrator can create it."});
  }
  namespaces_.create(call->namespace_name, call->actor, [this, call](base::Result<void> opened) {
    if (!opened) return call->refuse(opened.error());
    post([this, call] { run(call); });
  });
}

void Service::run(const CallPtr& call) { call->operation->run(*this, call); }

// ---- the engine -----------------------------------------------------------------------------------------------

void Service::execute(const CallPtr& call, core::Command command, bool waits, Then then) {
  engine::Request request;
  request.command = std::move(command);
  request.actor = call->actor;
  if (!call->idempotency_key.empty()) {
    request.idempotency_key = call->idempotency_key;
    request.fingerprint = call->fingerprint;
    request.encode = [success = call->operation->success](const core::Reply& reply) {
      return to_stored(reply, success);
    };
  }
  if (!then) {
    then = [this, call](engine::Answer answer) { finish(call, std::move(answer)); };
  }
  const auto ticket = engine_.submit(call->namespace_name, std::move(request), std::move(then));
  if (!waits) return;
  call->responder->on_gone([this, ticket, name = call->namespace_name] { engine_.forget(name, ticket); });
}

void Service::finish(const CallPtr& call, engine::Answer answer) {
  if (!answer) return call->refuse(answer.error());
  if (const auto* stored = std::get_if<engine::StoredReply>(&*answer)) return replay(call, *stored);
  auto& reply = std::get<core::Reply>(*answer);
  link_leases(*call, reply);
  const bool with_documents = needs_documents(reply);
  if (!with_documents && elements_of(reply) <= kElementsOnStrandMax) return respond(call, reply);
  auto shared = std::make_shared<core::Reply>(std::move(reply));
  if (!with_documents) return post([this, call, shared] { respond(call, *shared); });
  engine_.read(call->namespace_name, [this, call, shared](store::Reader* reader) {
    base::Result<void> attached;
    if (reader) attached = attach_documents(*shared, *reader);
    if (reader && attached) return respond(call, *shared);
    return_leases(call, leases_in(*shared));
    call->refuse({ErrorCode::kStoreUnavailable, "The store cannot be read now.", {}, 1'000});
  });
}

void Service::respond(const CallPtr& call, const core::Reply& reply) {
  auto leases = leases_in(reply);
  // A worker that waited for tasks gets none when its token ended meanwhile.
  if (auto valid = call->credential && !leases.empty() ? call->credential->check() : base::Result<void>{}; !valid) {
    return_leases(call, std::move(leases));
    return call->refuse(valid.error());
  }
  Encoded encoded = encode_reply(reply, call->operation->success);
  if (leases.empty()) return call->reply_json(encoded.status, std::move(encoded.body));
  call->reply_json(encoded.status, std::move(encoded.body),
                   [this, call, leases = std::move(leases)]() mutable { return_leases(call, std::move(leases)); });
}

// Leases that never reached their worker go back at once, uncounted.
void Service::return_leases(const CallPtr& call, std::vector<core::Cancellation> leases) {
  if (leases.empty()) return;
  engine::Request request;
  request.command = core::ReturnLeases{std::move(leases)};
  request.actor = call->actor;
  engine_.submit(call->namespace_name, std::move(request), [](const engine::Answer&) {});
}

void Service::replay(const CallPtr& call, const engine::StoredReply& stored) {
  const auto answer = [call, status = stored.status](std::string body) {
    net::Response response;
    response.status = status;
    response.body = std::move(body);
    response.headers.emplace_back("Idempotent-Replay", "true");
    call->reply(std::move(response));
  };
  if (!needs_documents(stored)) return answer(stored.body);
  read(call, [call, stored, answer](store::Reader& reader) {
    auto body = restore(stored, reader);
    if (!body) return call->refuse(body.error());
    answer(std::move(*body));
  });
}

void Service::read(const CallPtr& call, std::function<void(store::Reader&)> job) {
  engine_.read(call->namespace_name, [call, job = std::move(job)](store::Reader* reader) {
    if (reader) return job(*reader);
    call->refuse({ErrorCode::kStoreUnavailable, "The namespace is not open. The request can be repeated.", {}, 1'000});
  });
}

}  // namespace arbiter::api
