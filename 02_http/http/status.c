#include "http/status.h"

#include <stddef.h>
#include <string.h>

/* The registry, in rising order: 306 and 418 stand in it as unused, and are not here. */
static const struct {
    int code;
    const char *phrase;
    const char *meaning;
} STATUSES[] = {
    {100, "Continue", "the head is accepted: send the body"},
    {101, "Switching Protocols", "the connection goes on in the protocol that Upgrade names"},
    {102, "Processing", "received, and still at work"},
    {103, "Early Hints", "links to load already; the real response follows"},
    {200, "OK", "done; what was asked for is in the body"},
    {201, "Created", "a new resource was made; Location says where"},
    {202, "Accepted", "taken on, and not done yet"},
    {203, "Non-Authoritative Information", "done, but a proxy changed what the origin sent"},
    {204, "No Content", "done; there is nothing to send back"},
    {205, "Reset Content", "done; clear the form that was sent"},
    {206, "Partial Content", "the body holds the ranges that were asked for"},
    {207, "Multi-Status", "the body holds a status for each of several resources"},
    {208, "Already Reported", "this member was listed before in the same response"},
    {226, "IM Used", "the body is the result of the manipulations that IM names"},
    {300, "Multiple Choices", "there are several forms of it; choose one"},
    {301, "Moved Permanently", "use the address in Location from now on"},
    {302, "Found", "this time look at the address in Location"},
    {303, "See Other", "fetch the answer with GET from the address in Location"},
    {304, "Not Modified", "the copy that you have is still good"},
    {305, "Use Proxy", "once: go through that proxy; deprecated, as it is unsafe"},
    {307, "Temporary Redirect", "repeat the request, method and body too, at Location"},
    {308, "Permanent Redirect", "as 307, from now on"},
    {400, "Bad Request", "the request is malformed"},
    {401, "Unauthorized", "say who you are; WWW-Authenticate says how"},
    {402, "Payment Required", "reserved"},
    {403, "Forbidden", "understood and refused"},
    {404, "Not Found", "there is nothing at this address, or nobody may know"},
    {405, "Method Not Allowed", "not with this method; Allow lists the others"},
    {406, "Not Acceptable", "no form of it suits what Accept asks for"},
    {407, "Proxy Authentication Required", "say to the proxy who you are"},
    {408, "Request Timeout", "the request did not arrive in time"},
    {409, "Conflict", "the state of the resource does not allow it now"},
    {410, "Gone", "it was here and will not come back"},
    {411, "Length Required", "say Content-Length first"},
    {412, "Precondition Failed", "a condition in the request does not hold"},
    {413, "Content Too Large", "the body is larger than the server takes"},
    {414, "URI Too Long", "the target is longer than the server reads"},
    {415, "Unsupported Media Type", "the server does not read bodies of this type"},
    {416, "Range Not Satisfiable", "none of the ranges lies within the resource"},
    {417, "Expectation Failed", "what Expect asks for is not done here"},
    {421, "Misdirected Request", "this server does not answer for that authority"},
    {422, "Unprocessable Content", "well-formed, and still nothing that can be done"},
    {423, "Locked", "the resource is locked"},
    {424, "Failed Dependency", "another action failed on which this one depends"},
    {425, "Too Early", "not before the handshake is done: it might be a replay"},
    {426, "Upgrade Required", "only in the protocol that Upgrade names"},
    {428, "Precondition Required", "only with a condition, lest a change get lost"},
    {429, "Too Many Requests", "slow down; Retry-After may say for how long"},
    {431, "Request Header Fields Too Large", "the fields are larger than the server reads"},
    {451, "Unavailable For Legal Reasons", "withheld on a legal demand"},
    {500, "Internal Server Error", "the server failed at it"},
    {501, "Not Implemented", "the server does not know this method at all"},
    {502, "Bad Gateway", "the server behind this one sent nonsense"},
    {503, "Service Unavailable", "overloaded or in maintenance; Retry-After may say how long"},
    {504, "Gateway Timeout", "the server behind this one did not answer in time"},
    {505, "HTTP Version Not Supported", "not in this major version of HTTP"},
    {506, "Variant Also Negotiates", "the choice of a variant leads in a circle"},
    {507, "Insufficient Storage", "there is no room left to store it"},
    {508, "Loop Detected", "the resources contain each other without end"},
    {510, "Not Extended", "the request lacks an extension; obsolete"},
    {511, "Network Authentication Required", "log in to the network first, not to this server"},
};

enum { COUNT = sizeof STATUSES / sizeof STATUSES[0] };

/* Where the first code stands that is not below code; COUNT behind the last. */
static size_t status_place(int code)
{
    size_t low = 0, high = COUNT;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (STATUSES[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *http_status_phrase(int code)
{
    size_t place = status_place(code);
    return place < COUNT && STATUSES[place].code == code ? STATUSES[place].phrase : NULL;
}

const char *http_status_meaning(int code)
{
    size_t place = status_place(code);
    return place < COUNT && STATUSES[place].code == code ? STATUSES[place].meaning : NULL;
}

int http_status_next(int code)
{
    size_t place = status_place(code);
    if (place < COUNT && STATUSES[place].code == code)
        place++;
    return place < COUNT ? STATUSES[place].code : 0;
}

int http_status_class(int code)
{
    return code >= 100 && code <= 599 ? code / 100 : 0;
}

bool http_status_is_bodyless(int code)
{
    return http_status_class(code) == 1 || code == HTTP_NO_CONTENT || code == HTTP_NOT_MODIFIED;
}

const struct http_method HTTP_METHODS[] = {
    {"GET", true, true, true, "send the resource"},
    {"HEAD", true, true, true, "as GET, without the body"},
    {"POST", false, false, true, "let the resource process the body"},
    {"PUT", false, true, false, "the body becomes the resource"},
    {"DELETE", false, true, false, "remove the resource"},
    {"CONNECT", false, false, false, "make a tunnel to the target"},
    {"OPTIONS", true, true, false, "say what may be asked of the resource"},
    {"TRACE", true, true, false, "send back the request as it arrived"},
    {"PATCH", false, false, false, "change the resource as the body says"},
    {NULL, false, false, false, NULL},
};

const struct http_method *http_method_find(const char *name)
{
    for (const struct http_method *method = HTTP_METHODS; method->name != NULL; method++) {
        if (strcmp(method->name, name) == 0)
            return method;
    }
    return NULL;
}
