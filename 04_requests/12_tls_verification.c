/*
 * 4.12  TLS verification
 *
 * Asks for a page under TLS, says what is wrong with a certificate, and can be told what to demand.
 *
 * Python:  requests.get(url, verify="authority.pem", cert=("client.pem", "client.key"))
 * Usage:   12_tls_verification [--trust FILE] [--pin PIN] [--revoked FILE] [--staple]
 *                              [--cert FILE --key FILE] [--login USER:PASSWORD] [--insecure] [URL]
 *          FILE is in PEM; without --trust those authorities count that the system trusts.
 * See:     CURLOPT_SSL_VERIFYPEER(3), CURLOPT_SSL_VERIFYHOST(3), CURLINFO_SSL_VERIFYRESULT(3),
 *          CURLOPT_PINNEDPUBLICKEY(3); RFC 9110 section 4.3.4
 * Leaves out: keys that ask for a passphrase; authorities from memory (CURLOPT_CAINFO_BLOB).
 */
#include <getopt.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { BODY_LIMIT = 65536, CONNECT_MS = 5000, WHOLE_MS = 30000 };

static const char USAGE[] =
    "[--trust FILE] [--pin PIN] [--revoked FILE] [--staple] [--cert FILE --key FILE] "
    "[--login USER:PASSWORD] [--insecure] [URL]";

struct demands {
    const char *trust, *pin, *revoked, *cert, *key, *login; /* NULL: not given */
    bool staple, insecure;
};

/* [verify] */
/* What the server has to prove, and what we show of ourselves. */
static CURLcode demand(CURL *curl, const struct demands *d)
{
    CURLcode code = CURLE_OK;

    /* at least */
    easy_set(code, curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (d->trust != NULL) {
        easy_set(code, curl, CURLOPT_CAINFO, d->trust);
        /* The system's folder would count beside it. */
        easy_set(code, curl, CURLOPT_CAPATH, NULL);
    }
    if (d->pin != NULL)
        easy_set(code, curl, CURLOPT_PINNEDPUBLICKEY, d->pin);
    if (d->revoked != NULL)
        easy_set(code, curl, CURLOPT_CRLFILE, d->revoked);
    if (d->staple)
        easy_set(code, curl, CURLOPT_SSL_VERIFYSTATUS, 1L);
    if (d->cert != NULL) {
        easy_set(code, curl, CURLOPT_SSLCERT, d->cert);
        easy_set(code, curl, CURLOPT_SSLKEY, d->key);
    }
    if (d->insecure) { /* whoever answers is believed */
        easy_set(code, curl, CURLOPT_SSL_VERIFYPEER, 0L);
        easy_set(code, curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return code;
}
/* [/verify] */

/* [refusal] */
/* Behind one code stand many reasons. NULL: it was not the certificate. */
static const char *refusal(CURLcode code, CURL *curl)
{
    long why;

    if (code != CURLE_PEER_FAILED_VERIFICATION ||
        curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &why) != 0)
        return NULL;
    switch (why) {
    case X509_V_ERR_UNSPECIFIED: /* not noted yet: it stopped at the name */
    case X509_V_OK:
        return "it is for another name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "it has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "it is not valid yet";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "the server has signed it itself";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        return "nobody who is trusted signed it";
    case X509_V_ERR_CERT_REVOKED:
        return "its authority has called it back";
    case X509_V_ERR_UNABLE_TO_GET_CRL:
        return "the list of those called back is missing";
    default:
        return X509_verify_cert_error_string(why);
    }
}
/* [/refusal] */

static CURLcode prepare(CURL *curl, const char *url, const struct demands *demands,
                        struct easy_body *body, char detail[CURL_ERROR_SIZE])
{
    CURLcode code = demand(curl, demands);

    easy_set(code, curl, CURLOPT_URL, url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_ERRORBUFFER, detail);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, body);
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    easy_set(code, curl, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    if (demands->login != NULL)
        easy_set(code, curl, CURLOPT_USERPWD, demands->login);
    return code;
}

/* Prints the answer, or why there is none. */
static int fetch(const char *url, const struct demands *demands)
{
    char detail[CURL_ERROR_SIZE] = ""; /* libcurl may write to it until the clean-up */
    struct easy_body body = {.limit = BODY_LIMIT};
    struct requests_error error;
    long status = 0;
    CURL *curl = curl_easy_init();

    if (curl == NULL)
        die("out of memory");
    CURLcode code = prepare(curl, url, demands, &body, detail);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK) {
        printf("%ld\n", status);
        if (fwrite(body.bytes.data, 1, body.bytes.length, stdout) != body.bytes.length)
            die_errno("standard output");
    } else {
        const char *why = refusal(code, curl);
        (void)requests_error_from(&error, code, curl, detail); /* always -1 */
        report("%s: %s%s", requests_failure_name(error.failure), why != NULL ? "certificate: " : "",
               why != NULL ? why : error.text);
    }
    buffer_free(&body.bytes);
    curl_easy_cleanup(curl);
    return code == CURLE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char *parse(int argc, char **argv, struct demands *d)
{
    static const struct option OPTIONS[] = {{"trust", required_argument, NULL, 't'},
                                            {"pin", required_argument, NULL, 'p'},
                                            {"revoked", required_argument, NULL, 'r'},
                                            {"staple", no_argument, NULL, 's'},
                                            {"cert", required_argument, NULL, 'c'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"login", required_argument, NULL, 'l'},
                                            {"insecure", no_argument, NULL, 'i'},
                                            {0}};
    int option;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 't':
            d->trust = optarg;
            break;
        case 'p':
            d->pin = optarg;
            break;
        case 'r':
            d->revoked = optarg;
            break;
        case 's':
            d->staple = true;
            break;
        case 'c':
            d->cert = optarg;
            break;
        case 'k':
            d->key = optarg;
            break;
        case 'l':
            d->login = optarg;
            break;
        case 'i':
            d->insecure = true;
            break;
        default:
            die_usage(USAGE);
        }
    }
    if (argc - optind > 1 || (d->cert == NULL) != (d->key == NULL))
        die_usage(USAGE);
    return optind < argc ? argv[optind] : "https://localhost:10001/get";
}

int main(int argc, char **argv)
{
    struct demands demands = {0};
    const char *url = parse(argc, argv, &demands);
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    int status = fetch(url, &demands);
    curl_global_cleanup();
    finish(status);
}
