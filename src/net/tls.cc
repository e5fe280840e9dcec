#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace arbiter::net {
namespace {

using base::ErrorCode;
using base::fail;

// The newest reason that OpenSSL gives; its queue is empty afterwards.
std::string reason_of_openssl() {
  const unsigned long error = ::ERR_peek_last_error();
  ::ERR_clear_error();
  const char* reason = error == 0 ? nullptr : ::ERR_reason_error_string(error);
  return reason ? reason : "it cannot be read";
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned int in_size, void*) {
  static constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (::SSL_select_next_proto(&chosen, out_size, kHttp11.data(), kHttp11.size(), in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Passphrases cannot be asked for.
int no_passphrase(char*, int, int, void*) { return 0; }

std::string stamp_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "none";
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) + ":" + std::to_string(info.st_size) + ":" +
         std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const unsigned char* bytes = ::ASN1_STRING_get0_data(address);
  const int size = ::ASN1_STRING_length(address);
  std::string text;
  if (size == 4) {
    for (int i = 0; i < size; ++i) text += (i ? "." : "") + std::to_string(bytes[i]);
  }
  return text;  // IPv6 clients are told apart by name.
}

std::vector<std::string> names_in(X509* certificate) {
  std::vector<std::string> names;
  auto* all = static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(name->d.dNSName)),
                         static_cast<std::size_t>(::ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      if (auto text = address_text(name->d.iPAddress); !text.empty()) names.push_back(std::move(text));
    }
  }
  ::GENERAL_NAMES_free(all);
  return names;
}

std::int64_t end_of(X509* certificate) {
  std::tm end{};
  if (::ASN1_TIME_to_tm(::X509_get0_notAfter(certificate), &end) != 1) return 0;
  return static_cast<std::int64_t>(::timegm(&end));
}

}  // namespace

struct TlsIdentity::Pair {
  Pair() : context(::SSL_CTX_new(::TLS_server_method())) { CHECK(context); }
  ~Pair() { ::SSL_CTX_free(context); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  [[nodiscard]] base::Result<void> load(const TlsFiles& files);
  void set_options();

  SSL_CTX* context;
  std::int64_t not_after_s = 0;
  std::vector<std::string> names;
};

void TlsIdentity::Pair::set_options() {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection keeps no buffers; what is written may have moved when it is written again.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Sessions are resumed by tickets alone; the server keeps none.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  ::SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

base::Result<void> TlsIdentity::Pair::load(const TlsFiles& files) {
  ::ERR_clear_error();
  set_options();
  if (::SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return fail({ErrorCode::kInvalidRequest,
                 "the TLS certificate `" + files.certificate + "` cannot be used: " + reason_of_openssl()});
  }
  if (::SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail({ErrorCode::kInvalidRequest,
                 "the TLS key `" + files.key + "` cannot be used with that certificate: " + reason_of_openssl()});
  }
  X509* certificate = ::SSL_CTX_get0_certificate(context);
  not_after_s = end_of(certificate);
  if (::X509_cmp_current_time(::X509_get0_notAfter(certificate)) < 0) {
    return fail({ErrorCode::kInvalidRequest, "the TLS certificate `" + files.certificate + "` has expired"});
  }
  names = names_in(certificate);
  return {};
}

base::Result<std::unique_ptr<TlsIdentity>> TlsIdentity::load(TlsFiles files) {
  std::unique_ptr<TlsIdentity> identity(new TlsIdentity(std::move(files)));
  if (auto loaded = identity->reload(); !loaded) return fail(loaded.error());
  identity->reloads_ = 0;
  return identity;
}

TlsIdentity::~TlsIdentity() = default;

base::Result<void> TlsIdentity::reload() {
  const std::string before = stamp();
  auto pair = std::make_shared<Pair>();
  auto loaded = pair->load(files_);
  const std::lock_guard lock(mutex_);
  loaded_stamp_ = seen_stamp_ = before;
  if (!loaded) {
    ++failed_reloads_;
    problem_ = loaded.error().message;
    return loaded;
  }
  ++reloads_;
  problem_.clear();
  pair_ = std::move(pair);
  return {};
}

std::string TlsIdentity::stamp() const { return stamp_of(files_.certificate) + " " + stamp_of(files_.key); }

bool TlsIdentity::has_changed() {
  std::string now = stamp();
  const std::lock_guard lock(mutex_);
  const bool settled = now == seen_stamp_;
  seen_stamp_ = std::move(now);
  return settled && seen_stamp_ != loaded_stamp_;
}

std::shared_ptr<const TlsIdentity::Pair> TlsIdentity::current() const {
  const std::lock_guard lock(mutex_);
  return pair_;
}

std::int64_t TlsIdentity::not_after_s() const { return current()->not_after_s; }
std::vector<std::string> TlsIdentity::names() const { return current()->names; }
std::string TlsIdentity::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}
std::uint64_t TlsIdentity::reloads() const {
  const std::lock_guard lock(mutex_);
  return reloads_;
}
std::uint64_t TlsIdentity::failed_reloads() const {
  const std::lock_guard lock(mutex_);
  return failed_reloads_;
}

// ---- one connection -------------------------------------------------------------------------------------------

// The context is counted by each SSL, so a pair that was replaced lives as long as its connections.
TlsChannel::TlsChannel(const TlsIdentity& identity, int socket) : ssl_(::SSL_new(identity.current()->context)) {
  CHECK(ssl_);
  CHECK(::SSL_set_fd(ssl_, socket) == 1);
  ::SSL_set_accept_state(ssl_);
}

TlsChannel::~TlsChannel() { ::SSL_free(ssl_); }

TlsChannel::Progress TlsChannel::progress(int result) {
  if (result > 0) return {Outcome::kDone, static_cast<std::size_t>(result)};
  switch (::SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {Outcome::kWantRead};
    case SSL_ERROR_WANT_WRITE:
      return {Outcome::kWantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {Outcome::kEnd};
    default:
      heard_http_ = ERR_GET_REASON(::ERR_peek_error()) == SSL_R_HTTP_REQUEST;
      failed_ = true;
      ::ERR_clear_error();
      return {Outcome::kFailed};
  }
}

TlsChannel::Progress TlsChannel::handshake() {
  ::ERR_clear_error();
  return progress(::SSL_do_handshake(ssl_));
}

TlsChannel::Progress TlsChannel::read(std::span<char> into) {
  ::ERR_clear_error();
  return progress(::SSL_read(ssl_, into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX))));
}

TlsChannel::Progress TlsChannel::write(std::string_view bytes) {
  ::ERR_clear_error();
  return progress(::SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX))));
}

bool TlsChannel::has_pending() const { return ::SSL_pending(ssl_) > 0; }

void TlsChannel::say_end() {
  if (failed_ || !::SSL_is_init_finished(ssl_)) return;
  ::ERR_clear_error();
  (void)::SSL_shutdown(ssl_);
  ::ERR_clear_error();
}

}  // namespace arbiter::net
