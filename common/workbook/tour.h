/*
 * The tour: walks a learner through the lessons of a chapter on a terminal, their console blocks
 * live; and the questions that come again.
 */
#ifndef WORKBOOK_TOUR_H
#define WORKBOOK_TOUR_H

#include "workbook/catalogue.h"
#include "workbook/progress.h"
#include "workbook/screen.h"

/*
 * On a terminal the guided tour of chapter number, from where it was left; otherwise every
 * session of it is run and compared. Progress is saved as it goes. Returns the exit status: 0, 1
 * if a session differed, 2 if there is no such chapter or something could not be run.
 */
int tour_chapter(const struct catalogue *catalogue, struct progress *progress,
                 const struct screen *screen, int number);

/*
 * Asks the Predict questions that are due, one at a time. Without a terminal it lists them. Returns
 * the exit status.
 */
int lesson_review(const struct catalogue *catalogue, struct progress *progress,
                  const struct screen *screen);

#endif
