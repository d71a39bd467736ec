/* The queue as people see it: jobs of all kinds, with their live progress and their place in line. */
#pragma once

#include "library/page.h"
#include "work/supervisor.h"

/* What the API shows: in lists, and of one job, which adds its evidence and input. `position` is INT_NONE for
 * a job that is not next in any line, or that far behind that nobody counted. */
extern const struct shape job_list_shape, job_view_shape;

struct jobs_query {
    const char *id;                      /* the beginning of ids */
    const char *state, *kind, *owner_id; /* NULL: all */
    const char *sort;                    /* newest, oldest, queue */
    const char *cursor;                  /* not with queue */
    int64_t limit, offset;
};

extern const struct shape jobs_query_shape;

/* A page of the list, and whether the queue whose jobs these are is paused. */
struct jobs_page {
    struct list jobs;
    bool paused;
    int64_t limit, offset;   /* as asked for */
    const char *next_cursor; /* NULL after the last page */
};

extern const struct shape jobs_page_shape;

/* Whose jobs the caller may see is the caller's business: `owner_id` of the query. */
bool jobs_list(struct work *work, struct arena *mem, const struct jobs_query *query, struct jobs_page *out,
               struct error *err) MUST_USE;

bool jobs_get(struct work *work, struct arena *mem, const char *id, struct job *out,
              struct error *err) MUST_USE;

struct jobs_count {
    const char *kind, *state;
    int64_t count;
};

struct jobs_stats {
    bool paused;
    int64_t running, slots;            /* jobs at work now, and how many there can be */
    int64_t ended_minute, ended_hour;  /* attempts that ended, since this server runs */
    int64_t oldest_ready_at;           /* 0: nobody waits */
    struct list counts;                /* of struct jobs_count */
};

extern const struct shape jobs_stats_shape;

/* `owner_id` NULL counts everybody's. */
bool jobs_stats(struct work *work, struct arena *mem, const char *owner_id, struct jobs_stats *out,
                struct error *err) MUST_USE;
