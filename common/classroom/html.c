#include "classroom/html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "workbook/files.h"
#include "workbook/screen.h"

/* ---- text that grows ------------------------------------------------------------------------- */

void markup_add_bytes(struct markup *markup, const char *trusted, size_t length)
{
    markup->failed = markup->failed || buffer_add(&markup->text, trusted, length) == -1;
}

void markup_add(struct markup *markup, const char *trusted)
{
    markup_add_bytes(markup, trusted, strlen(trusted));
}

void markup_print(struct markup *markup, void (*escape)(struct markup *markup, const char *text),
                  const char *format, va_list arguments)
{
    char number[32];

    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        markup_add_bytes(markup, format, plain);
        format += plain;
        if (*format == '\0')
            return;
        if (format[1] == 's') {
            escape(markup, va_arg(arguments, const char *));
        } else if (format[1] == 'd') {
            (void)snprintf(number, sizeof number, "%d", va_arg(arguments, int));
            markup_add(markup, number);
        } else if (format[1] == 'z') { /* %zu */
            (void)snprintf(number, sizeof number, "%zu", va_arg(arguments, size_t));
            markup_add(markup, number);
            format++;
        } else {
            markup_add(markup, "%");
        }
        format += 2;
    }
}

int markup_write(struct markup *markup, const char *out, const char *name, struct error *error)
{
    struct buffer path = {0};
    int result = -1;

    if (markup->failed || buffer_print(&path, "%s/%s", out, name) == -1)
        (void)error_set(error, _("%s: There is no memory left."), name);
    else if (folder_make_for(path.data, error) == 0)
        result =
            file_write(path.data, buffer_text(&markup->text), markup->text.length, true, error);
    buffer_free(&path);
    markup_free(markup);
    return result;
}

void markup_free(struct markup *markup)
{
    buffer_free(&markup->text);
    *markup = (struct markup){0};
}

/* ---- HTML ------------------------------------------------------------------------------------ */

void html_text(struct markup *markup, const char *text)
{
    struct buffer harmless = {0};

    markup->failed = markup->failed || text_harmless(&harmless, text, strlen(text)) == -1;
    for (const char *at = buffer_text(&harmless); *at != '\0'; at++) {
        size_t plain = strcspn(at, "&<>\"'");
        markup_add_bytes(markup, at, plain);
        at += plain;
        if (*at == '\0')
            break;
        markup_add(markup, *at == '&'   ? "&amp;"
                           : *at == '<' ? "&lt;"
                           : *at == '>' ? "&gt;"
                           : *at == '"' ? "&quot;"
                                        : "&#39;");
    }
    buffer_free(&harmless);
}

void html_print(struct markup *markup, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    markup_print(markup, html_text, format, arguments);
    va_end(arguments);
}

void html_url(struct markup *markup, const char *name)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    char coded[4];

    for (; *name != '\0'; name++)
        if (strchr(plain, *name) != NULL) {
            markup_add_bytes(markup, name, 1);
        } else {
            (void)snprintf(coded, sizeof coded, "%%%02X", (unsigned char)*name);
            markup_add(markup, coded);
        }
}

/*
 * Colours in pairs that keep a contrast of 4.5 to 1 at least, for day and night. System fonts:
 * nothing is fetched.
 */
static const char look[] =
    ":root{color-scheme:light dark;--page:#fff;--text:#1c2128;--dim:#57606a;--line:#d5dae0;"
    "--soft:#f4f6f8;--link:#0b57c4;--bad:#a3180c;--bad-page:#fdeceb}\n"
    "@media (prefers-color-scheme:dark){:root{--page:#11151a;--text:#e4e8ec;--dim:#9ba5b0;"
    "--line:#343b44;--soft:#1a2027;--link:#8fb8ff;--bad:#ff9a90;--bad-page:#3a1714}}\n"
    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\n"
    "body{margin:0;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif}\n"
    "main{padding:1.5rem clamp(1rem,4vw,3rem) 3rem;overflow-wrap:break-word}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}\n"
    "h2{font-size:1.2rem;line-height:1.3;margin:2.5rem 0 .75rem}\n"
    "p,ul,ol,dl{margin:.5rem 0;max-width:44rem}\n"
    "a{color:var(--link)}\n"
    ":focus-visible{outline:3px solid var(--link);outline-offset:1px}\n"
    "code,pre{font:.875rem/1.4 ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace}\n"
    "pre{margin:.75rem 0;padding:.75rem 1rem;overflow-x:auto;background:var(--soft);"
    "border:1px solid var(--line);border-radius:6px;max-width:fit-content;tab-size:8}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.3rem .75rem;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}\n"
    "thead th{color:var(--dim);font-weight:600}\n"
    "caption{text-align:left;color:var(--dim);padding:0 0 .5rem;max-width:min(44rem,calc(100vw - "
    "3rem))}\n"
    ".scroll{overflow:auto;max-width:100%}\n"
    ".number,[align=right]{text-align:right}\n"
    ".dim{color:var(--dim)}\n"
    ".notice{border:2px solid var(--bad);border-left-width:.6rem;border-radius:6px;"
    "background:var(--bad-page);color:var(--text);padding:.5rem 1rem;margin:1rem 0;"
    "max-width:56rem}\n"
    ".notice h2{margin:.25rem 0;color:var(--bad)}\n"
    "@media print{:root{color-scheme:light;--page:#fff;--text:#000;--dim:#444;--line:#999;"
    "--soft:#fff;--link:#000;--bad:#a3180c;--bad-page:#fff}main{padding:0}"
    "a{text-decoration:none}.scroll{overflow:visible;max-height:none}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere}thead{display:table-header-group}"
    "tr{break-inside:avoid}h2{break-after:avoid}}\n";

void html_begin(struct markup *markup, const char *title, const char *style, const char *digest)
{
    /* What HTML calls the language of these sentences: the translation of "en" is its own name. */
    html_print(markup, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
               _("en"));
    markup_add(markup, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                       "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'");
    if (digest != NULL)
        html_print(markup, "; script-src '%s'", digest);
    html_print(markup,
               "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"referrer\" content=\"no-referrer\">\n<title>%s</title>\n<style>\n",
               title);
    markup_add(markup, look);
    markup_add(markup, style);
    markup_add(markup, "</style>\n</head>\n<body>\n<main>\n");
}

void html_end(struct markup *markup)
{
    markup_add(markup, "</main>\n</body>\n</html>\n");
}

/* ---- what pages say alike -------------------------------------------------------------------- */

const char *moment_text(long long moment, char *text)
{
    time_t seconds = (time_t)moment;
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, MOMENT_SIZE, "%Y-%m-%d %H:%M UTC", &parts) == 0)
        (void)snprintf(text, MOMENT_SIZE, "?"); /* a year of more digits than there is room for */
    return text;
}

const char *student_called(const struct class *class, const struct roster_line *line,
                           const char *name)
{
    for (size_t i = 0; line != NULL && i < class->roster.column_count; i++)
        if (strcmp(class->roster.columns[i], "name") == 0 && line->fields[i][0] != '\0')
            return line->fields[i];
    return name;
}
