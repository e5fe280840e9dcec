// Certificates, their renewal, and the TLS of one connection over a pair of sockets.
#include "net/tls.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/check.h"

namespace arbiter::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

void write_pem(const std::string& path, const std::function<int(BIO*)>& write) {
  BIO* file = BIO_new_file(path.c_str(), "w");
  CHECK(file);
  CHECK(write(file) == 1);
  BIO_free(file);
}

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::signal(SIGPIPE, SIG_IGN);
    directory_ = fs::temp_directory_path() / "arbiter-tls-XXXXXX";
    CHECK(::mkdtemp(directory_.data()));
    files_ = {directory_ + "/cert.pem", directory_ + "/key.pem"};
  }
  ~TlsTest() override { fs::remove_all(directory_); }

  // A certificate that signs itself, for these names and so many seconds.
  static void make_pair(const TlsFiles& files, const std::string& names, long seconds) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = ::X509_new();
    ::X509_set_version(certificate, X509_VERSION_3);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate), -86'400);
    ::X509_gmtime_adj(::X509_getm_notAfter(certificate), seconds);
    ::X509_set_pubkey(certificate, key);
    X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    ::X509_add_ext(certificate, extension, -1);
    ::X509_EXTENSION_free(extension);
    CHECK(::X509_sign(certificate, key, ::EVP_sha256()) > 0);
    write_pem(files.certificate, [&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
    write_pem(files.key,
              [&](BIO* out) { return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
    ::X509_free(certificate);
    ::EVP_PKEY_free(key);
  }

  std::string directory_;
  TlsFiles files_;
};

TEST_F(TlsTest, ACertificateTellsItsNamesAndItsEnd) {
  make_pair(files_, "DNS:coordinator.example,IP:192.0.2.7", 86'400);
  const auto identity = TlsIdentity::load(files_);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_THAT((*identity)->names(), ElementsAre("coordinator.example", "192.0.2.7"));
  EXPECT_NEAR(static_cast<double>((*identity)->not_after_s()), static_cast<double>(std::time(nullptr) + 86'400), 60);
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNamedWithTheReason) {
  EXPECT_THAT(TlsIdentity::load(files_).error().message, HasSubstr(files_.certificate));
  make_pair(files_, "DNS:a", 86'400);
  fs::remove(files_.key);
  EXPECT_THAT(TlsIdentity::load(files_).error().message, HasSubstr(files_.key));
  make_pair({directory_ + "/other.pem", files_.key}, "DNS:a", 86'400);
  EXPECT_THAT(TlsIdentity::load(files_).error().message, HasSubstr("mismatch"));
  make_pair(files_, "DNS:a", -60);
  EXPECT_THAT(TlsIdentity::load(files_).error().message, HasSubstr("has expired"));
}

TEST_F(TlsTest, ARenewalIsSeenOnceItRestsAndABrokenOneKeepsTheOldPair) {
  make_pair(files_, "DNS:old", 86'400);
  auto identity = std::move(*TlsIdentity::load(files_));
  EXPECT_FALSE(identity->has_changed());
  make_pair(files_, "DNS:new", 86'400);
  EXPECT_FALSE(identity->has_changed()) << "it may still be written";
  EXPECT_TRUE(identity->has_changed());
  ASSERT_TRUE(identity->reload());
  EXPECT_THAT(identity->names(), ElementsAre("new"));
  EXPECT_FALSE(identity->has_changed());
  std::ofstream(files_.certificate) << "broken";
  EXPECT_FALSE(identity->has_changed());
  EXPECT_TRUE(identity->has_changed());
  EXPECT_FALSE(identity->reload());
  EXPECT_THAT(identity->names(), ElementsAre("new"));
  EXPECT_THAT(identity->problem(), HasSubstr(files_.certificate));
  EXPECT_EQ(identity->reloads(), 1U);
  EXPECT_EQ(identity->failed_reloads(), 1U);
  EXPECT_FALSE(identity->has_changed()) << "the same broken files are not tried for ever";
}

// Both ends of a connection, stepped by hand.
struct Ends {
  explicit Ends(const TlsIdentity& identity, int newest_version = TLS1_3_VERSION) {
    int pair[2];
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    server_socket = pair[0];
    client_socket = pair[1];
    server = std::make_unique<TlsChannel>(identity, server_socket);
    context = ::SSL_CTX_new(::TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    ::SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_max_proto_version(context, newest_version);
    client = ::SSL_new(context);
    ::SSL_set_fd(client, client_socket);
    ::SSL_set_connect_state(client);
  }
  ~Ends() {
    ::SSL_free(client);
    ::SSL_CTX_free(context);
    server.reset();
    ::close(server_socket);
    ::close(client_socket);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  TlsChannel::Outcome shake_hands() {
    for (int i = 0; i < 20; ++i) {
      (void)::SSL_do_handshake(client);
      const auto outcome = server->handshake().outcome;
      if (outcome == TlsChannel::Outcome::kFailed) return outcome;
      if (outcome == TlsChannel::Outcome::kDone && ::SSL_is_init_finished(client)) return outcome;
    }
    return TlsChannel::Outcome::kWantRead;
  }
  int server_socket = -1;
  int client_socket = -1;
  std::unique_ptr<TlsChannel> server;
  SSL_CTX* context = nullptr;
  SSL* client = nullptr;
};

TEST_F(TlsTest, AConnectionCarriesBytesBothWaysAndEnds) {
  make_pair(files_, "DNS:a", 86'400);
  const auto identity = std::move(*TlsIdentity::load(files_));
  Ends ends(*identity);
  ASSERT_EQ(ends.shake_hands(), TlsChannel::Outcome::kDone);
  std::string room(100, ' ');
  EXPECT_EQ(ends.server->read(room).outcome, TlsChannel::Outcome::kWantRead);
  ASSERT_EQ(::SSL_write(ends.client, "hello", 5), 5);
  ASSERT_EQ(ends.server->read(std::span(room).subspan(0, 2)).count, 2U);
  EXPECT_TRUE(ends.server->has_pending());
  EXPECT_EQ(ends.server->read(room).count, 3U);
  // More than the socket holds: what was refused is written again from another place.
  std::string sent;
  std::string got;
  const std::string text(3'000'000, 'x');
  std::size_t at = 0;
  std::vector<char> into(65'536);
  while (got.size() < text.size()) {
    const std::string copy = text.substr(at, 100'000);
    if (at < text.size()) at += ends.server->write(copy).count;
    const int count = ::SSL_read(ends.client, into.data(), static_cast<int>(into.size()));
    if (count > 0) got.append(into.data(), static_cast<std::size_t>(count));
  }
  EXPECT_EQ(got, text);
  ::SSL_shutdown(ends.client);
  EXPECT_EQ(ends.server->read(room).outcome, TlsChannel::Outcome::kEnd);
}

TEST_F(TlsTest, OldVersionsAndPlainHttpAreRefused) {
  make_pair(files_, "DNS:a", 86'400);
  const auto identity = std::move(*TlsIdentity::load(files_));
  Ends old(*identity, TLS1_1_VERSION);
  EXPECT_EQ(old.shake_hands(), TlsChannel::Outcome::kFailed);
  EXPECT_FALSE(old.server->heard_http());
  Ends two(*identity, TLS1_2_VERSION);
  EXPECT_EQ(two.shake_hands(), TlsChannel::Outcome::kDone);
  Ends plain(*identity);
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(::write(plain.client_socket, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  EXPECT_EQ(plain.server->handshake().outcome, TlsChannel::Outcome::kFailed);
  EXPECT_TRUE(plain.server->heard_http());
}

TEST_F(TlsTest, AConnectionKeepsThePairWithWhichItBegan) {
  make_pair(files_, "DNS:old", 86'400);
  const auto identity = std::move(*TlsIdentity::load(files_));
  Ends before(*identity);
  make_pair(files_, "DNS:new", 86'400);
  ASSERT_TRUE(identity->reload());
  Ends after(*identity);
  ASSERT_EQ(before.shake_hands(), TlsChannel::Outcome::kDone);
  ASSERT_EQ(after.shake_hands(), TlsChannel::Outcome::kDone);
  const auto host = [](Ends& ends, const char* name) {
    X509* certificate = ::SSL_get1_peer_certificate(ends.client);
    const int matches = ::X509_check_host(certificate, name, 0, 0, nullptr);
    ::X509_free(certificate);
    return matches == 1;
  };
  EXPECT_TRUE(host(before, "old"));
  EXPECT_TRUE(host(after, "new"));
}

}  // namespace
}  // namespace arbiter::net
