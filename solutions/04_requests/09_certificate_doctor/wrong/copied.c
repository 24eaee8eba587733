/* fails: good address ipv6 expired not-yet wrong-host wrong-address self-signed unknown-authority pinned second-pin wrong-pin pinned-and-bad plain-text broken-off refused no-name clean usage bad-pin no-connection hangs drips */
/* Program 4.12, for other arguments: its sentences, and its one status for all of them. */
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { BODY_LIMIT = 65536, CONNECT_MS = 5000, WHOLE_MS = 30000 };

static const char USAGE[] = "AUTHORITIES MS HOST PORT [PIN]";

struct demands {
    const char *trust, *pin; /* NULL: not given */
};

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
    return code;
}

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

int main(int argc, char **argv)
{
    struct demands demands = {0};
    char url[1024];

    if (argc < 5 || argc > 6)
        die_usage(USAGE);
    demands.trust = argv[1];
    demands.pin = argv[5];
    int length = snprintf(url, sizeof url, "https://%s:%s/", argv[3], argv[4]);
    if (length < 0 || (size_t)length >= sizeof url)
        die("the URL is too long");
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    int status = fetch(url, &demands);
    curl_global_cleanup();
    finish(status);
}
