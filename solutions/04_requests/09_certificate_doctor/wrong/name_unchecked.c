/* fails: wrong-host wrong-address */
/* The chain is verified, and the name behind it is not. */
#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "requests/easy.h"

enum { MS_MOST = 60000, URL_MOST = 1024, HASH = 44 };

/* Their numbers are exit statuses. */
enum verdict {
    GOOD,
    NO_NAME = 10,
    REFUSED,
    TIME_OUT,
    NO_TLS,
    EXPIRED,
    NOT_YET,
    SELF_SIGNED,
    UNKNOWN_AUTHORITY,
    WRONG_HOST,
    WRONG_PIN,
    BAD_CERTIFICATE,
};

static const char *const WORDS[] = {
    [GOOD] = "good",
    [NO_NAME] = "no-name",
    [REFUSED] = "refused",
    [TIME_OUT] = "time-out",
    [NO_TLS] = "no-tls",
    [EXPIRED] = "expired",
    [NOT_YET] = "not-yet-valid",
    [SELF_SIGNED] = "self-signed",
    [UNKNOWN_AUTHORITY] = "unknown-authority",
    [WRONG_HOST] = "wrong-host",
    [WRONG_PIN] = "wrong-pin",
    [BAD_CERTIFICATE] = "bad-certificate",
};

/* What OpenSSL says of the chain. libcurl looks at the name after it. */
static enum verdict of_chain(CURL *curl)
{
    long why = X509_V_OK;

    if (curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &why) != CURLE_OK)
        return BAD_CERTIFICATE;
    switch (why) {
    case X509_V_OK:
    case X509_V_ERR_UNSPECIFIED: /* not noted yet when the name was wrong */
        return WRONG_HOST;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return NOT_YET;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return SELF_SIGNED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return UNKNOWN_AUTHORITY;
    default:
        return BAD_CERTIFICATE;
    }
}

static enum verdict of_transfer(CURL *curl, CURLcode code, const char *detail)
{
    switch (code) {
    case CURLE_OK:
        return GOOD;
    case CURLE_COULDNT_RESOLVE_HOST:
        return NO_NAME;
    case CURLE_COULDNT_CONNECT:
        return REFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return TIME_OUT;
    case CURLE_PEER_FAILED_VERIFICATION:
        return of_chain(curl);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return WRONG_PIN;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return NO_TLS;
    default:
        die("%s", detail[0] != '\0' ? detail : curl_easy_strerror(code));
    }
}

/* "sha256//…", or several with ";" between them: what begins otherwise libcurl takes for a file. */
static bool is_pin(const char *text)
{
    static const char SIGNS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (;;) {
        if (strncmp(text, "sha256//", 8) != 0 || strspn(text + 8, SIGNS) != HASH - 1 ||
            text[8 + HASH - 1] != '=')
            return false;
        text += 8 + HASH;
        if (*text == '\0')
            return true;
        if (*text++ != ';')
            return false;
    }
}

/* libcurl would find out only when it is connected. */
static void demand_authorities(const char *file)
{
    BIO *text = BIO_new_file(file, "r");
    X509 *first = text == NULL ? NULL : PEM_read_bio_X509(text, NULL, NULL, NULL);

    if (first == NULL)
        die("%s: there is no certificate in it", file);
    X509_free(first);
    (void)BIO_free(text); /* it was only read */
}

static enum verdict examine(char *const *words, const char *url, long ms)
{
    char detail[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_OK;

    if (curl == NULL)
        die("out of memory");
    easy_set(code, curl, CURLOPT_ERRORBUFFER, detail);
    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "https");
    easy_set(code, curl, CURLOPT_PROXY, ""); /* the server itself is to be looked at */
    easy_set(code, curl, CURLOPT_CONNECT_ONLY, 1L);
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, ms);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, ms);
    easy_set(code, curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    easy_set(code, curl, CURLOPT_CAINFO, words[1]);
    easy_set(code, curl, CURLOPT_CAPATH, NULL);
    easy_set(code, curl, CURLOPT_SSL_VERIFYHOST, 0L);
    if (words[5] != NULL)
        easy_set(code, curl, CURLOPT_PINNEDPUBLICKEY, words[5]);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    enum verdict verdict = of_transfer(curl, code, detail);
    if (verdict != GOOD)
        report("%s: %s", WORDS[verdict], detail[0] != '\0' ? detail : curl_easy_strerror(code));
    curl_easy_cleanup(curl);
    return verdict;
}

int main(int argc, char **argv)
{
    char url[URL_MOST];
    long ms, port;

    if (argc < 5 || argc > 6 || !number_parse(argv[2], 1, MS_MOST, &ms) ||
        !number_parse(argv[4], 1, 65535, &port) || (argc == 6 && !is_pin(argv[5])))
        die_usage("AUTHORITIES MS HOST PORT [PIN]");
    bool is_ipv6 = strchr(argv[3], ':') != NULL;
    int length = snprintf(url, sizeof url, "https://%s%s%s:%ld/", is_ipv6 ? "[" : "", argv[3],
                          is_ipv6 ? "]" : "", port);
    if (length < 0 || (size_t)length >= sizeof url)
        die("the host's name is too long");
    demand_authorities(argv[1]);
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    enum verdict verdict = examine(argv, url, ms);
    curl_global_cleanup();
    printf("%s\n", WORDS[verdict]);
    finish((int)verdict);
}
