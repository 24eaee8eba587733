/* What an incremental parser may say. Used by message.h and chunked.h. */
#ifndef HTTP_RESULT_H
#define HTTP_RESULT_H

enum http_result {
    HTTP_ERROR = -1,  /* this can never become valid */
    HTTP_PARTIAL = 0, /* so far so good: more is needed */
    HTTP_COMPLETE = 1
};

#endif
