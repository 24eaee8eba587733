/*
 * class.html: one page for the teacher, without outside files. It says everything without its
 * script, which only sorts tables; colours repeat what the text says.
 */
#include "classroom/class_page.h"

#include <stdlib.h>
#include <string.h>

#include "classroom/pages.h"
#include "workbook/screen.h"

static const char style[] =
    ".facts{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;max-width:60rem}\n"
    ".facts dt{color:var(--dim)}.facts dd{margin:0}\n"
    "nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;"
    "max-width:none}\n"
    ".lead{font-size:1.1rem}\n"
    "th[scope=row]{font-weight:400}\n"
    ".cases details{max-width:28rem}\n"
    ".cases code{overflow-wrap:anywhere}\n"
    "summary{cursor:pointer}\n"
    "th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;"
    "text-align:inherit;text-decoration:underline dotted;text-underline-offset:.2em}\n"
    "th[aria-sort=ascending] button::before{content:\"▲ \"/\"\"}\n"
    "th[aria-sort=descending] button::before{content:\"▼ \"/\"\"}\n"
    "@media (max-width:40rem){.facts{display:block}.facts dd{margin:0 0 .5rem}"
    "th,td{padding:.3rem .4rem}}\n"
    "@media print{nav{display:none}th button::before{content:none!important}"
    "th button{text-decoration:none}}\n";

/*
 * Sorts the tables by a click on a heading: numbers from the greatest, text from the first. What
 * has no number stands last among the least. Its digest stands in the page's policy; whoever
 * changes a byte here is told the new one by common/tests/class_pages.t.
 */
static const char script[] =
    "document.querySelectorAll(\"table.sorts\").forEach(function(table){\n"
    "var heads=table.tHead.rows[0].cells,body=table.tBodies[0];\n"
    "Array.from(heads).forEach(function(head,index){\n"
    "var kind=head.dataset.sort,button=document.createElement(\"button\");\n"
    "if(!kind)return;\n"
    "button.type=\"button\";\n"
    "button.append.apply(button,Array.from(head.childNodes));\n"
    "head.append(button);\n"
    "function key(row){\n"
    "var cell=row.cells[index],text=cell?cell.dataset.key||cell.textContent:\"\";\n"
    "if(kind===\"text\")return text;\n"
    "var number=parseFloat(text);\n"
    "return isNaN(number)?-1:number}\n"
    "button.addEventListener(\"click\",function(){\n"
    "var was=head.getAttribute(\"aria-sort\");\n"
    "var up=was?was===\"descending\":kind===\"text\",sign=up?1:-1;\n"
    "var rows=Array.from(body.rows).map(function(row){return{row:row,key:key(row)}});\n"
    "rows.sort(function(a,b){return sign*(kind===\"text\"?\n"
    "a.key.localeCompare(b.key,document.documentElement.lang,{numeric:true}):a.key-b.key)});\n"
    "Array.from(heads).forEach(function(other){other.removeAttribute(\"aria-sort\")});\n"
    "head.setAttribute(\"aria-sort\",up?\"ascending\":\"descending\");\n"
    "rows.forEach(function(entry){body.append(entry.row)})})})});\n";
static const char script_digest[] = "sha256-yMizB0XtmP6E4esMoNcghUYyhZWAiC2+uKrGi5Cd5O0=";

/* ---- for every part -------------------------------------------------------------------------- */

void class_link_add(struct markup *page, const char *submission, const char *exercise,
                    const char *text)
{
    markup_add(page, "<a href=\"feedback/");
    html_url(page, submission);
    markup_add(page, ".html");
    if (exercise != NULL)
        html_print(page, "#%s", exercise);
    html_print(page, "\">%s</a>", text);
}

int class_percent(double part, double whole)
{
    if (part <= 0 || whole <= 0)
        return 0;
    int percent = (int)(part / whole * 100 + 0.5);
    return part >= whole ? 100 : percent < 1 ? 1 : percent > 99 ? 99 : percent;
}

/* ---- the front ------------------------------------------------------------------------------- */

static size_t count_standing(const struct class *class, enum standing standing)
{
    size_t count = 0;

    for (size_t i = 0; i < class->student_count; i++)
        count += class->students[i].standing == standing;
    return count;
}

/* "60 students: 55 graded, 2 with nothing to grade, 3 missing." */
static void add_summary(struct markup *page, const struct class *class)
{
    static const struct {
        enum standing standing;
        const char *text;
    } parts[] = {{STANDING_GRADED, N_("%zu graded")},
                 {STANDING_GRADER_ERROR, N_("%zu not graded for a fault of the grader")},
                 {STANDING_EMPTY, N_("%zu with nothing to grade")},
                 {STANDING_NOT_GRADABLE, N_("%zu not gradable")},
                 {STANDING_UNDECIDED, N_("%zu with several submissions, undecided")},
                 {STANDING_MISSING, N_("%zu missing")}};
    bool first = true;

    markup_add(page, "<p class=\"lead\">");
    html_print(page, ngettext("%zu student: ", "%zu students: ", class->student_count),
               class->student_count);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t count = count_standing(class, parts[i].standing);
        if (count == 0)
            continue;
        markup_add(page, first ? "" : ", ");
        html_print(page, _(parts[i].text), count);
        first = false;
    }
    markup_add(page, ".</p>\n");
}

static void add_nav(struct markup *page)
{
    static const char *const places[][2] = {{"#totals", N_("Totals")},
                                            {"#marks", N_("Marks")},
                                            {"#exercises", N_("Exercises")},
                                            {"#cases", N_("Cases most failed")},
                                            {"#unmarked", N_("Without a mark")},
                                            {"#refused", N_("Refused")},
                                            {"#how", N_("How it was graded")},
                                            {"gradebook.csv", N_("Grade book (CSV)")},
                                            {"similarity.html", N_("Similarity")}};

    html_print(page, "<nav aria-label=\"%s\"><ul>\n", _("On this page"));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        html_print(page, "<li><a href=\"%s\">%s</a></li>\n", places[i][0], _(places[i][1]));
    markup_add(page, "</ul></nav>\n");
}

/* ---- notices --------------------------------------------------------------------------------- */

static const char *level_of(const struct class_submission *submission)
{
    return result_text(json_object_get(submission->result, "isolation"), "level");
}

static void add_isolation(struct markup *page, const struct class *class)
{
    size_t open = 0;

    for (size_t i = 0; i < class->submission_count; i++)
        open += strcmp(level_of(&class->submissions[i]), "C") == 0;
    if (open == 0)
        return;
    html_print(page, "<div class=\"notice\" role=\"note\"><h2>%s</h2>\n<p>",
               _("Graded without isolation"));
    html_print(page,
               ngettext("%zu submission of %zu was graded at isolation level C: ",
                        "%zu submissions of %zu were graded at isolation level C: ", open),
               open, class->submission_count);
    html_print(
        page, "%s</p></div>\n",
        _("nothing stood between the programs handed in and this machine. Such a program can "
          "read the references, change the marks of others and forge its own."));
}

/* The exercises that the grader failed at, and why. */
static void add_faults(struct markup *page, const struct class *class,
                       const struct class_submission *submission)
{
    const char *why = result_text(submission->result, "why");

    markup_add(page, "<li>");
    class_link_add(page, submission->name, NULL, submission->name);
    if (*why != '\0')
        html_print(page, ": %s", why);
    for (size_t i = 0; submission->marks != NULL && i < class->exercise_count; i++) {
        const struct mark *mark = &submission->marks[i];
        if (strcmp(mark->state, "grader_error") != 0)
            continue;
        markup_add(page, "<br>");
        class_link_add(page, submission->name, class->exercises[i].id, class->exercises[i].id);
        html_print(page, " %s", result_text(mark->exercise, "why"));
    }
    markup_add(page, "</li>\n");
}

static void add_grader_errors(struct markup *page, const struct class *class)
{
    bool any = false;

    for (size_t i = 0; i < class->submission_count; i++) {
        if (class->submissions[i].standing != STANDING_GRADER_ERROR)
            continue;
        if (!any)
            html_print(
                page, "<div class=\"notice\" role=\"note\"><h2>%s</h2>\n<p>%s</p>\n<ul>\n",
                _("Faults of the grader"),
                _("These have no mark, and no zero either. Grading again tries them again."));
        any = true;
        add_faults(page, class, &class->submissions[i]);
    }
    if (any)
        markup_add(page, "</ul></div>\n");
}

static void add_warnings(struct markup *page, const struct class *class)
{
    if (class->warning_count == 0)
        return;
    html_print(page, "<div class=\"notice\" role=\"note\"><h2>%s</h2>\n<ul>\n",
               _("Not in these reports"));
    for (size_t i = 0; i < class->warning_count; i++)
        html_print(page, "<li>%s</li>\n", class->warnings[i]);
    markup_add(page, "</ul></div>\n");
}

/* ---- those without a mark, and what was refused ---------------------------------------------- */

static const char *standing_text(enum standing standing)
{
    switch (standing) {
    case STANDING_MISSING:
        return _("missing");
    case STANDING_EMPTY:
        return _("empty");
    case STANDING_UNDECIDED:
        return _("undecided");
    default:
        return _("not gradable");
    }
}

static const char *why_unmarked(const struct student *student)
{
    if (student->standing == STANDING_MISSING)
        return *student->remarks != '\0' ? student->remarks : _("nothing was handed in");
    if (student->standing == STANDING_UNDECIDED)
        return _("several submissions, and no policy which one counts");
    const char *why = result_text(student->counted->result, "why");
    return *why != '\0' ? why : student->remarks;
}

static void add_unmarked_row(struct markup *page, const struct class *class,
                             const struct student *student)
{
    const char *called = student_called(class, student->line, student->name);

    markup_add(page, "<tr><th scope=\"row\">");
    if (student->submission_count == 1)
        class_link_add(page, student->submissions[0].name, NULL, called);
    else
        html_text(page, called);
    if (strcmp(called, student->name) != 0)
        html_print(page, " <span class=\"dim\">%s</span>", student->name);
    html_print(page, "</th><td>%s</td><td>%s</td></tr>\n", standing_text(student->standing),
               why_unmarked(student));
}

/* Begins a table of three columns, the last of which has no order. */
static void begin_table(struct markup *page, const char *id, const char *caption,
                        const char *const *heads)
{
    html_print(page,
               "<div class=\"scroll\" role=\"region\" aria-labelledby=\"%s\" tabindex=\"0\">"
               "<table class=\"sorts\"><caption>%s</caption>\n<thead><tr>"
               "<th scope=\"col\" data-sort=\"text\">%s</th>"
               "<th scope=\"col\" data-sort=\"text\">%s</th><th scope=\"col\">%s</th>"
               "</tr></thead>\n<tbody>\n",
               id, caption, heads[0], heads[1], heads[2]);
}

static void add_unmarked(struct markup *page, const struct class *class)
{
    const char *const heads[] = {_("Student"), _("Standing"), _("Why")};
    bool any = false;

    html_print(page, "<h2 id=\"unmarked\">%s</h2>\n", _("Without a mark"));
    for (size_t i = 0; i < class->student_count; i++) {
        enum standing standing = class->students[i].standing;
        if (standing == STANDING_GRADED || standing == STANDING_GRADER_ERROR)
            continue;
        if (!any)
            begin_table(page, "unmarked", _("Students for whom there are no points to count."),
                        heads);
        any = true;
        add_unmarked_row(page, class, &class->students[i]);
    }
    if (any)
        markup_add(page, "</tbody></table></div>\n");
    else
        html_print(page, "<p>%s</p>\n", _("Everybody has a mark, or is waiting for one."));
}

/* Opens the table at its first row; a row begins with what the caller puts in its first cell. */
static void begin_refused(struct markup *page, bool *any)
{
    const char *const heads[] = {_("Submission"), _("Reason"), _("What it is")};

    if (!*any)
        begin_table(page, "refused", _("Files that were not taken, and why."), heads);
    *any = true;
    markup_add(page, "<tr><th scope=\"row\">");
}

static void add_refused(struct markup *page, const struct class *class)
{
    const json_t *refused;
    size_t j;
    bool any = false;

    html_print(page, "<h2 id=\"refused\">%s</h2>\n", _("Refused"));
    for (size_t i = 0; i < class->refusals.count; i++) {
        const struct refusal *refusal = &class->refusals.list[i];
        begin_refused(page, &any);
        html_print(page, "%s</th><td>%s</td><td>%s</td></tr>\n", refusal->path, refusal->reason,
                   refusal->sentence);
    }
    for (size_t i = 0; i < class->submission_count; i++)
        json_array_foreach(json_object_get(class->submissions[i].result, "refused"), j, refused)
        {
            begin_refused(page, &any);
            class_link_add(page, class->submissions[i].name, NULL, class->submissions[i].name);
            html_print(page, "</th><td>%s</td><td>%s</td></tr>\n", result_text(refused, "reason"),
                       result_text(refused, "sentence"));
        }
    if (any)
        markup_add(page, "</tbody></table></div>\n");
    else
        html_print(page, "<p>%s</p>\n", _("Every file was taken."));
}

/* ---- how it was graded ----------------------------------------------------------------------- */

/* Each puts into text what one result says, "" if nothing. */
static void isolation_text(const json_t *result, struct buffer *text)
{
    const json_t *isolation = json_object_get(result, "isolation");

    if (*result_text(isolation, "level") != '\0')
        (void)buffer_print(text, "%s: %s", result_text(isolation, "level"),
                           result_text(isolation, "sentence"));
}

static void compiler_text(const json_t *result, struct buffer *text)
{
    const json_t *build = json_object_get(result, "build");

    if (*result_text(build, "compiler") != '\0')
        (void)buffer_print(text, "%s, %s", result_text(build, "compiler"),
                           result_text(build, "flags"));
}

static void workbook_text(const json_t *result, struct buffer *text)
{
    (void)buffer_print(text, "%s", result_text(json_object_get(result, "build"), "workbook"));
}

static void seed_text(const json_t *result, struct buffer *text)
{
    (void)buffer_print(text, "%" JSON_INTEGER_FORMAT,
                       json_integer_value(json_object_get(result, "seed")));
}

static void limits_text(const json_t *result, struct buffer *text)
{
    static const char *const words[][2] = {{"case_wall_s", N_("a case %s s")},
                                           {"memory_mib", N_("%s MiB of memory")},
                                           {"processes", N_("%s processes")},
                                           {"descriptors", N_("%s descriptors")},
                                           {"file_mib", N_("a file %s MiB")},
                                           {"output_mib", N_("%s MiB of output")},
                                           {"compile_wall_s", N_("compiling %s s")},
                                           {"compile_cpu_s", N_("of them %s s of processor time")},
                                           {"compile_memory_mib", N_("and %s MiB of memory")}};
    const json_t *limits = json_object_get(result, "limits");
    char number[POINTS_SIZE], part[80];

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (json_object_get(limits, words[i][0]) == NULL)
            continue;
        (void)snprintf(part, sizeof part, _(words[i][1]),
                       points_print(result_number(limits, words[i][0]), number));
        (void)buffer_print(text, "%s%s", text->length > 0 ? ", " : "", part);
    }
}

/* How many of the results from index first on say what that one says. */
static size_t count_alike(const struct class *class, size_t first, const char *text,
                          void (*tell)(const json_t *result, struct buffer *text))
{
    size_t count = 0;

    for (size_t i = 0; i < class->submission_count; i++) {
        struct buffer other = {0};
        tell(class->submissions[i].result, &other);
        bool same = strcmp(buffer_text(&other), text) == 0;
        buffer_free(&other);
        if (same && i < first)
            return 0; /* told before */
        count += same;
    }
    return count;
}

/* Each thing that results say of themselves once, with how many say it unless all do. */
static void add_fact(struct markup *page, const struct class *class, const char *label,
                     void (*tell)(const json_t *result, struct buffer *text))
{
    html_print(page, "<dt>%s</dt>", label);
    for (size_t i = 0; i < class->submission_count; i++) {
        struct buffer text = {0};
        tell(class->submissions[i].result, &text);
        size_t count = text.length > 0 ? count_alike(class, i, buffer_text(&text), tell) : 0;
        if (count == class->submission_count)
            html_print(page, "<dd>%s</dd>", buffer_text(&text));
        else if (count > 0)
            html_print(page, _("<dd>%s <span class=\"dim\">(%zu of %zu submissions)</span></dd>"),
                       buffer_text(&text), count, class->submission_count);
        buffer_free(&text);
    }
    markup_add(page, "\n");
}

static void add_how(struct markup *page, const struct class *class)
{
    html_print(page, "<h2 id=\"how\">%s</h2>\n<dl class=\"facts\">\n", _("How it was graded"));
    html_print(page, "<dt>%s</dt><dd>%s</dd>\n", _("Submissions"),
               class->folder != NULL ? class->folder : "");
    if (class->seed_per_student)
        html_print(page, "<dt>%s</dt><dd>%s</dd>\n", _("Seed"),
                   _("one for each student; the feedback says it"));
    else
        add_fact(page, class, _("Seed"), seed_text);
    add_fact(page, class, _("Isolation"), isolation_text);
    add_fact(page, class, _("Limits"), limits_text);
    add_fact(page, class, _("Compiler"), compiler_text);
    add_fact(page, class, _("Workbook"), workbook_text);
    html_print(page, "<dt>%s</dt><dd>%s</dd>\n", _("Policy"),
               class->policy.file != NULL ? class->policy.file : _("none"));
    html_print(page, "<dt>%s</dt><dd>%s</dd>\n</dl>\n", _("Roster"),
               class->roster.file != NULL ? class->roster.file : _("none"));
}

/* ---- all of it ------------------------------------------------------------------------------- */

int class_page_write(const struct class *class, const char *out, struct error *error)
{
    struct markup page = {0};
    struct buffer styles = {0};

    page.failed =
        buffer_print(&styles, "%s%s%s", class_totals_style, class_heat_style, style) == -1;
    html_begin(&page, _("Class report"), buffer_text(&styles), script_digest);
    html_print(&page, "<h1>%s</h1>\n", _("Class report"));
    add_summary(&page, class);
    add_isolation(&page, class);
    add_grader_errors(&page, class);
    add_warnings(&page, class);
    add_nav(&page);
    class_totals_add(&page, class);
    class_heat_add(&page, class);
    class_cases_add(&page, class);
    add_unmarked(&page, class);
    add_refused(&page, class);
    add_how(&page, class);
    markup_add(&page, "<script>");
    markup_add(&page, script);
    markup_add(&page, "</script>\n");
    html_end(&page);
    buffer_free(&styles);
    return markup_write(&page, out, "class.html", error);
}
