#include "client/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/check.h"

namespace arbiter::client {
namespace {

using base::ErrorCode;
using base::fail;

// A socket for OpenSSL that raises no SIGPIPE: the programs that use this library keep their own ways with signals.

int socket_of(BIO* bio) { return *static_cast<const int*>(BIO_get_data(bio)); }

int write_socket(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto count = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

int read_socket(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto count = ::recv(socket_of(bio), into, static_cast<std::size_t>(size), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

long control_socket(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

// `socket` outlives it.
BIO* bio_of(int& socket) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    CHECK(made);
    BIO_meth_set_write(made, write_socket);
    BIO_meth_set_read(made, read_socket);
    BIO_meth_set_ctrl(made, control_socket);
    return made;
  }();
  BIO* bio = BIO_new(method);
  CHECK(bio);
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  return bio;
}

bool is_address(const std::string& host) {
  in6_addr parsed{};
  return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1 || ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

std::string reason_of_openssl() {
  const unsigned long error = ::ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ::ERR_reason_error_string(error);
  ::ERR_clear_error();
  return reason ? reason : "the connection ended early";
}

}  // namespace

base::Result<std::unique_ptr<TlsSession>> TlsSession::make(int socket, const std::string& host,
                                                           const std::string& ca_file) {
  ::ERR_clear_error();
  SSL_CTX* context = ::SSL_CTX_new(::TLS_client_method());
  CHECK(context);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const int trusted = ca_file.empty() ? ::SSL_CTX_set_default_verify_paths(context)
                                      : ::SSL_CTX_load_verify_file(context, ca_file.c_str());
  SSL* ssl = ::SSL_new(context);
  CHECK(ssl);
  std::unique_ptr<TlsSession> session(new TlsSession(context, ssl, socket));
  if (trusted != 1) {
    return fail({ErrorCode::kInvalidRequest, "The CA file `" + ca_file + "` cannot be used: " + reason_of_openssl() +
                                                 ". Name a readable PEM file with --ca-file or ARBITER_CA_FILE."});
  }
  BIO* bio = bio_of(session->socket_);
  ::SSL_set_bio(ssl, bio, bio);
  ::SSL_set_connect_state(ssl);
  if (is_address(host)) {
    CHECK(::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), host.c_str()) == 1);
  } else {
    CHECK(::SSL_set1_host(ssl, host.c_str()) == 1);
    CHECK(SSL_set_tlsext_host_name(ssl, host.c_str()) == 1);
  }
  return session;
}

TlsSession::~TlsSession() {
  ::SSL_free(ssl_);
  ::SSL_CTX_free(context_);
}

TlsSession::Progress TlsSession::progress(int result) {
  if (result > 0) return {Outcome::kDone, static_cast<std::size_t>(result)};
  switch (::SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {Outcome::kWantRead};
    case SSL_ERROR_WANT_WRITE:
      return {Outcome::kWantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {Outcome::kEnd};
    default:
      break;
  }
  const long verified = ::SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK && !::SSL_is_init_finished(ssl_)) {
    ::ERR_clear_error();
    problem_ = std::string("its certificate is not trusted: ") + ::X509_verify_cert_error_string(verified) +
               "; name the file of its CA with --ca-file or ARBITER_CA_FILE, and the host as the certificate does";
  } else {
    problem_ = "TLS failed: " + reason_of_openssl();
  }
  return {Outcome::kFailed};
}

TlsSession::Progress TlsSession::handshake() {
  ::ERR_clear_error();
  return progress(::SSL_do_handshake(ssl_));
}

TlsSession::Progress TlsSession::read(std::span<char> into) {
  ::ERR_clear_error();
  return progress(::SSL_read(ssl_, into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX))));
}

TlsSession::Progress TlsSession::write(std::string_view bytes) {
  ::ERR_clear_error();
  return progress(::SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX))));
}

bool TlsSession::has_pending() const { return ::SSL_has_pending(ssl_) == 1; }

}  // namespace arbiter::client
