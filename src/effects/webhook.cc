#include "effects/webhook.h"

#include <curl/curl.h>
#include <unistd.h>

#include <chrono>

#include "effects/signature.h"

namespace arbiter::effects {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t kAnswerBytesMax = std::size_t{16} * 1024;  // of its body, which nobody reads
constexpr std::size_t kHeaderBytesMax = std::size_t{64} * 1024;  // of all its headers

base::Error failed(std::string why) { return {ErrorCode::kUnknown, std::move(why)}; }

struct FreeUrl {
  void operator()(CURLU* url) const { ::curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::string part_of(const Url& url, CURLUPart part) {
  char* text = nullptr;
  if (::curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return {};
  std::string out(text);
  ::curl_free(text);
  return out;
}

struct FreeEasy {
  void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeList>;

void add(Headers& headers, const std::string& line) {
  headers.reset(::curl_slist_append(headers.release(), line.c_str()));
}

// What libcurl's callbacks need of one attempt.
struct Attempt {
  const Networks& networks;
  const std::atomic<bool>& stopping;
  std::string refused;  // why the last address was
  std::size_t header_bytes = 0;
  std::size_t answer_bytes = 0;
};

std::size_t take_answer(char*, std::size_t size, std::size_t count, void* attempt) {
  auto& bytes = static_cast<Attempt*>(attempt)->answer_bytes;
  bytes += size * count;
  return bytes > kAnswerBytesMax ? 0 : size * count;
}

std::size_t take_header(char*, std::size_t size, std::size_t count, void* attempt) {
  auto& bytes = static_cast<Attempt*>(attempt)->header_bytes;
  bytes += size * count;
  return bytes > kHeaderBytesMax ? 0 : size * count;
}

int see_whether_to_stop(void* attempt, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Attempt*>(attempt)->stopping ? 1 : 0;
}

// Called with each address that is about to be connected to.
curl_socket_t open_socket(void* data, curlsocktype, curl_sockaddr* address) {
  auto& attempt = *static_cast<Attempt*>(data);
  attempt.refused = attempt.networks.refusal(address->addr);
  if (!attempt.refused.empty()) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

class Webhook final : public Channel {
 public:
  Webhook(WebhookConfig config, Networks networks) : config_(std::move(config)), networks_(std::move(networks)) {}

  [[nodiscard]] base::Result<void> deliver(const Delivery& delivery, const std::atomic<bool>& stopping) override;

 private:
  [[nodiscard]] Headers headers_of(const Delivery& delivery) const;
  void prepare(CURL* easy, Attempt& attempt) const;

  const WebhookConfig config_;
  const Networks networks_;
};

Headers Webhook::headers_of(const Delivery& delivery) const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  Headers headers;
  add(headers, "Content-Type: application/json");
  add(headers, "Arbiter-Effect-Id: " + delivery.order.id);
  add(headers, "Arbiter-Effect-Attempt: " + std::to_string(delivery.order.attempt));
  add(headers, "Arbiter-Signature: " + signature(config_.secret, seconds, delivery.body));
  add(headers, "Expect:");  // No round trip to ask whether the body is wanted.
  return headers;
}

void Webhook::prepare(CURL* easy, Attempt& attempt) const {
  const auto set = [easy](CURLoption option, auto value) { (void)::curl_easy_setopt(easy, option, value); };
  set(CURLOPT_URL, config_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // A proxy of the environment would connect in our place, to whatever it likes.
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(config_.timeout_ms));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_USERAGENT, config_.user_agent.c_str());
  if (!config_.ca_file.empty()) set(CURLOPT_CAINFO, config_.ca_file.c_str());
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, &attempt);
  set(CURLOPT_WRITEFUNCTION, &take_answer);
  set(CURLOPT_WRITEDATA, &attempt);
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, &attempt);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &see_whether_to_stop);
  set(CURLOPT_XFERINFODATA, &attempt);
}

// What it says is of no interest but for its status; a body that is too long changes nothing about that.
base::Result<void> judge(long status) {
  if (status >= 200 && status < 300) return {};
  if (status >= 300 && status < 400) {
    return fail(failed("The answer was a redirect (" + std::to_string(status) + "), which is not followed."));
  }
  return fail(failed("The answer was status " + std::to_string(status) + "."));
}

base::Result<void> Webhook::deliver(const Delivery& delivery, const std::atomic<bool>& stopping) {
  const std::unique_ptr<CURL, FreeEasy> easy(::curl_easy_init());
  if (!easy) return fail(failed("There is no memory for a request."));
  Attempt attempt{networks_, stopping, {}, 0, 0};
  const Headers headers = headers_of(delivery);
  prepare(easy.get(), attempt);
  (void)::curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  (void)::curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(delivery.body.size()));
  (void)::curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, delivery.body.c_str());
  const CURLcode code = ::curl_easy_perform(easy.get());
  long status = 0;
  (void)::curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && attempt.answer_bytes > kAnswerBytesMax)) return judge(status);
  if (code == CURLE_COULDNT_CONNECT && !attempt.refused.empty()) {
    return fail(failed("The target is refused: " + attempt.refused + "."));
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return fail(failed("There was no answer within " + std::to_string(config_.timeout_ms) + " ms."));
  }
  return fail(failed(std::string(::curl_easy_strerror(code)) + "."));
}

// libcurl wants to be prepared once, before there are threads that use it.
void prepare_curl() {
  static const bool is_ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  (void)is_ready;
}

}  // namespace

std::string url_mistake(const std::string& url) {
  const Url parsed(::curl_url());
  if (::curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "is not a URL";
  const std::string scheme = part_of(parsed, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return "must begin with https:// or http://";
  if (!part_of(parsed, CURLUPART_USER).empty() || !part_of(parsed, CURLUPART_PASSWORD).empty()) {
    return "must not name a user or a password: the receiver checks the signature";
  }
  if (!part_of(parsed, CURLUPART_FRAGMENT).empty()) return "must not have a fragment";
  return {};
}

std::string url_origin(const std::string& url) {
  const Url parsed(::curl_url());
  if (::curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  const std::string port = part_of(parsed, CURLUPART_PORT);
  return part_of(parsed, CURLUPART_SCHEME) + "://" + part_of(parsed, CURLUPART_HOST) + (port.empty() ? "" : ":" + port);
}

std::unique_ptr<Channel> make_webhook(WebhookConfig config, Networks networks) {
  prepare_curl();
  return std::make_unique<Webhook>(std::move(config), std::move(networks));
}

}  // namespace arbiter::effects
