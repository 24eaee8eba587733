/* What common/tests/harness/curl_cases.c tries the harness with: curl_student HOW PORT. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

/* The first line of the body, whichever pieces it comes in; then libcurl gives up. */
static size_t on_first(char *data, size_t size, size_t count, void *unused)
{
    (void)unused;
    (void)fwrite(data, 1, size * count < 4 ? size * count : 4, stdout); /* the case sees it */
    return 0;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    char url[100];
    int running = 1;

    (void)snprintf(url, sizeof url, "http://127.0.0.1:%s/", argc > 2 ? argv[2] : "");
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    if (strcmp(how, "first-piece") == 0)
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_first);
    if (strcmp(how, "impatient") == 0)
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 200L);
    if (strcmp(how, "spins") == 0) {
        CURLM *multi = curl_multi_init();
        curl_multi_add_handle(multi, curl);
        while (running > 0)
            curl_multi_perform(multi, &running);
    } else {
        curl_easy_perform(curl);
    }
    curl_easy_cleanup(curl);
    return 0;
}
