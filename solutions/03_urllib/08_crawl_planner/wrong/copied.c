/* fails: first-plan longest tie star dollar empty-rule merged own-group agent-names nothing-between percent reserved blanks bom line-ends limit endless no-file no-answer itself hosts targets delays delay-values delay-groups side-by-side wrong-url clean ten-thousand stars usage */
/*
 * Lesson 3.09's program with the arguments of the task, and the module's matching in a few lines:
 * for each URL it says "may" or "may not", and by which rule.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "core/number.h"

struct rule {
    bool allows;
    int line;
    char pattern[256];
    struct rule *next;
};

static bool matches(const char *pattern, const char *path)
{
    for (; *pattern != '\0' && *pattern != '*'; pattern++, path++)
        if (*pattern == '$' && pattern[1] == '\0')
            return *path == '\0';
        else if (*pattern != *path)
            return false;
    if (*pattern == '\0')
        return true;
    do
        if (matches(pattern + 1, path))
            return true;
    while (*path++ != '\0');
    return false;
}

static struct rule *read_rules(const char *path, const char *agent)
{
    FILE *file = fopen(path, "re");
    char line[1024], name[256], pattern[256];
    struct rule *first = NULL;
    bool is_mine = false;

    if (file == NULL)
        die_errno("%s", path);
    for (int number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        bool allows = strncasecmp(line, "allow:", 6) == 0;
        if (sscanf(line, "User-agent: %255s", name) == 1)
            is_mine = strcmp(name, "*") == 0 || strcasecmp(name, agent) == 0;
        else if (is_mine && (allows || strncasecmp(line, "disallow:", 9) == 0) &&
                 sscanf(strchr(line, ':') + 1, " %255s", pattern) == 1) {
            struct rule *rule = malloc(sizeof *rule);
            if (rule == NULL)
                die("no memory");
            *rule = (struct rule){.allows = allows, .line = number, .next = first};
            (void)snprintf(rule->pattern, sizeof rule->pattern, "%s", pattern); /* as long */
            first = rule;
        }
    }
    (void)fclose(file); /* it was only read */
    return first;
}

static void tell_url(const struct rule *rule, const char *url)
{
    const char *path = strstr(url, "://");
    const struct rule *best = NULL;

    if (path == NULL)
        die("%s is no URL", url);
    path += 3 + strcspn(path + 3, "/");
    for (; rule != NULL; rule = rule->next)
        if (matches(rule->pattern, path) &&
            (best == NULL || strlen(rule->pattern) > strlen(best->pattern)))
            best = rule;
    printf("%-8s %-28s ", best == NULL || best->allows ? "may" : "may not", url);
    if (best != NULL)
        printf("line %d: %s\n", best->line, best->pattern);
    else
        printf("no rule\n");
}

int main(int argc, char **argv)
{
    static char url[8300];
    struct rule *rules = NULL;
    long status;

    if (argc < 2)
        die_usage("AGENT [HOST STATUS FILE]... <urls");
    for (int i = 2; i < argc; i += 3) {
        if (i + 2 >= argc || !number_parse(argv[i + 1], 200, 599, &status))
            die_usage("AGENT [HOST STATUS FILE]... <urls");
        if (status < 300)
            rules = read_rules(argv[i + 2], argv[1]);
    }
    while (fgets(url, sizeof url, stdin) != NULL) {
        url[strcspn(url, "\n")] = '\0';
        tell_url(rules, url);
    }
    while (rules != NULL) {
        struct rule *next = rules->next;
        free(rules);
        rules = next;
    }
    finish(EXIT_SUCCESS);
}
