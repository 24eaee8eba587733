/* Predict questions: asked by the tour, and again by review. */
#ifndef WORKBOOK_QUESTION_H
#define WORKBOOK_QUESTION_H

#include "workbook/lesson.h"
#include "workbook/screen.h"

/* Prints the question and its choices. */
void question_ask(const struct screen *screen, const struct lesson *lesson);

/* The letter of the last choice; 0 if the question cannot be answered. */
char question_last(const struct lesson *lesson);

/* "> a letter, a to c": static, valid until the next call. */
const char *question_hint(const struct screen *screen, const struct lesson *lesson);

/* Says whether answer is right, and the reason. */
void question_judge(const struct screen *screen, const struct lesson *lesson, char answer);

#endif
