#include "net/parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "net/text.h"

namespace arbiter::net {
namespace {

namespace http = boost::beast::http;
using base::ErrorCode;
using boost::beast::error_code;

// A body is given memory as it arrives: a promised length alone reserves no more than this.
constexpr std::size_t kBodyReserveBytesMax = 64 * 1024;
constexpr std::size_t kHeadersReserve = 8;
// The shortest rest of a chunked body (`0 CRLF CRLF`). Beast's parser must not be asked again with less.
constexpr std::size_t kChunkedRestBytesMin = 5;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// What Beast's parser found, gathered into a Request.
class Gatherer final : public http::basic_parser<true> {
 public:
  explicit Gatherer(std::size_t header_bytes_max) {
    body_limit(boost::none);  // Asked after Host and Origin, by the caller.
    header_limit(static_cast<std::uint32_t>(header_bytes_max + 1));
  }

  Request request;
  std::string complaint;  // Set when we refuse what Beast accepts.
  std::optional<std::size_t> host_index;
  std::optional<std::size_t> origin_index;
  bool expects_continue = false;
  bool has_transfer_encoding = false;
  int version = 11;

 private:
  void on_request_impl(http::verb, boost::beast::string_view method, boost::beast::string_view target, int http_version,
                       error_code& error) override {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (!std::all_of(target.begin(), target.end(), is_ascii)) return refuse("the target must be ASCII", error);
    request.method = view(method);
    request.target = view(target);
    request.headers.reserve(kHeadersReserve);
    version = http_version;
  }

  void on_field_impl(http::field field, boost::beast::string_view name, boost::beast::string_view value,
                     error_code& error) override {
    if (in_body_) return;  // A trailer; nothing here asks for one.
    switch (field) {
      case http::field::host:
        if (host_index) return refuse("there is more than one Host header", error);
        host_index = request.headers.size();
        break;
      case http::field::origin:
        if (origin_index) return refuse("there is more than one Origin header", error);
        origin_index = request.headers.size();
        break;
      case http::field::transfer_encoding:
        if (!same_text(view(value), "chunked")) return refuse("the only Transfer-Encoding here is chunked", error);
        has_transfer_encoding = true;
        break;
      case http::field::expect:
        expects_continue = same_text(view(value), "100-continue");
        break;
      default:  // The enum is Beast's list of all known fields.
        break;
    }
    request.headers.emplace_back(view(name), view(value));
  }

  void on_header_impl(error_code& error) override {
    in_body_ = true;
    if (version == 11 && !host_index) return refuse("HTTP/1.1 needs a Host header", error);
    if (version == 10 && has_transfer_encoding) return refuse("HTTP/1.0 has no Transfer-Encoding", error);
    take_authority(error);
  }

  // `GET http://host/path` names the host in the target, which then counts instead of the header.
  void take_authority(error_code& error) {
    auto& target = request.target;
    if (target.front() == '/' || (target == "*" && request.method == "OPTIONS")) return;
    constexpr std::string_view kScheme = "http://";
    std::string_view rest = target;
    if (!same_text(rest.substr(0, kScheme.size()), kScheme)) return refuse("the target must be a path", error);
    rest.remove_prefix(kScheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    std::string authority(rest.substr(0, end));
    std::string path(rest.substr(end));
    target = path.starts_with('/') ? std::move(path) : std::string("/").append(path);
    if (!host_index) {
      host_index = request.headers.size();
      request.headers.emplace_back("Host", "");
    }
    request.headers[*host_index].second = std::move(authority);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length) request.body.reserve(std::min<std::uint64_t>(*length, kBodyReserveBytesMax));
  }
  std::size_t on_body_impl(boost::beast::string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}

  void refuse(std::string what, error_code& error) {
    complaint = std::move(what);
    error = http::error::bad_field;
  }

  bool in_body_ = false;
};

}  // namespace

class RequestParser::Impl {
 public:
  explicit Impl(const Limits& limits) : limits_(limits) { gatherer.emplace(limits_.header_bytes_max); }

  Progress put(std::string_view bytes);
  void reset() {
    gatherer.emplace(limits_.header_bytes_max);
    head_bytes_ = 0;
    head_told_ = false;
    started = false;
  }

  std::optional<Gatherer> gatherer;  // One per request: Beast's parser cannot be used again.
  base::Error error;
  bool started = false;

 private:
  Progress put_head(std::string_view bytes);
  Progress put_body(std::string_view bytes);
  Step fail(base::Error why) {
    error = std::move(why);
    return Step::kFailed;
  }
  Step fail(const error_code& why);
  Step fail_head_size() {
    return fail({ErrorCode::kHeadersTooLarge,
                 "Request line and headers may have " + std::to_string(limits_.header_bytes_max) + " bytes."});
  }

  Limits limits_;
  std::size_t head_bytes_ = 0;
  bool head_told_ = false;
};

RequestParser::Step RequestParser::Impl::fail(const error_code& why) {
  if (why == http::error::header_limit) return fail_head_size();
  if (why == http::error::body_limit) {
    return fail(
        {ErrorCode::kTooLarge, "A request body may have " + std::to_string(limits_.body_bytes_max) + " bytes."});
  }
  const std::string& complaint = gatherer->complaint;
  return fail({ErrorCode::kInvalidRequest,
               "This is not a valid request: " + (complaint.empty() ? why.message() : complaint) + "."});
}

RequestParser::Progress RequestParser::Impl::put(std::string_view bytes) {
  if (head_told_) return put_body(bytes);
  std::size_t skipped = 0;
  // Empty lines before a request are forgiven (RFC 9112, 2.2).
  if (!started) skipped = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
  if (skipped == bytes.size()) return {Step::kNeedMore, skipped};
  started = true;
  auto progress = put_head(bytes.substr(skipped));
  progress.consumed += skipped;
  return progress;
}

RequestParser::Progress RequestParser::Impl::put_head(std::string_view bytes) {
  error_code ec;
  const std::size_t consumed = gatherer->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  head_bytes_ += consumed;
  const bool need_more = ec == http::error::need_more;
  if (ec && !need_more) return {fail(ec), consumed};
  // Without a complete head all that is left in `bytes` belongs to it.
  const std::size_t total = head_bytes_ + (need_more ? bytes.size() - consumed : 0);
  if (total > limits_.header_bytes_max) return {fail_head_size(), consumed};
  if (need_more) return {Step::kNeedMore, consumed};
  head_told_ = true;
  gatherer->eager(true);
  gatherer->body_limit(limits_.body_bytes_max);
  return {Step::kHeader, consumed};
}

RequestParser::Progress RequestParser::Impl::put_body(std::string_view bytes) {
  if (gatherer->is_done()) return {Step::kDone, 0};
  if (bytes.empty() || (gatherer->chunked() && bytes.size() < kChunkedRestBytesMin)) return {Step::kNeedMore, 0};
  error_code ec;
  const std::size_t consumed = gatherer->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  if (ec && ec != http::error::need_more) return {fail(ec), consumed};
  if (gatherer->is_done()) return {Step::kDone, consumed};
  // Only a chunk's head or the trailers wait for their end; they count as headers.
  if (bytes.size() - consumed > limits_.header_bytes_max) return {fail_head_size(), consumed};
  return {Step::kNeedMore, consumed};
}

RequestParser::RequestParser(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::Progress RequestParser::put(std::string_view bytes) { return impl_->put(bytes); }
void RequestParser::reset() { impl_->reset(); }
bool RequestParser::started() const { return impl_->started; }
const base::Error& RequestParser::error() const { return impl_->error; }
Request& RequestParser::request() { return impl_->gatherer->request; }
bool RequestParser::head_done() const { return impl_->gatherer->is_header_done(); }
bool RequestParser::keep_alive() const { return impl_->gatherer->keep_alive(); }
bool RequestParser::is_http_1_1() const { return impl_->gatherer->version == 11; }
bool RequestParser::has_body() const { return impl_->gatherer->chunked() || content_length().value_or(0) > 0; }
bool RequestParser::expects_continue() const { return impl_->gatherer->expects_continue; }

std::optional<std::uint64_t> RequestParser::content_length() const {
  const auto length = impl_->gatherer->content_length();
  return length ? std::optional(*length) : std::nullopt;
}

std::optional<std::string_view> RequestParser::host() const {
  const auto& index = impl_->gatherer->host_index;
  return index ? std::optional<std::string_view>(impl_->gatherer->request.headers[*index].second) : std::nullopt;
}

std::optional<std::string_view> RequestParser::origin() const {
  const auto& index = impl_->gatherer->origin_index;
  return index ? std::optional<std::string_view>(impl_->gatherer->request.headers[*index].second) : std::nullopt;
}

}  // namespace arbiter::net
