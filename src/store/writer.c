#include "store/writer.h"
#include "store/index.h"
#include "store/query.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

enum { POSTED_MAX = 256 };

/* Lives on the stack of the caller, who sleeps on `answered`; a posted one on the heap. */
struct write_request {
    tx_body *body;
    void *with;
    struct error err;
    bool ran, good;
    sem_t answered;
    void (*release)(void *with); /* of a posted one; NULL otherwise */
    struct write_request *next;
};

/* Runs one body in a savepoint. False when the whole transaction is lost; whether the body itself was good is
 * in the request. */
static bool run_body(struct sqlite *lite, struct write_request *request, struct error *err)
{
    if (!query_run(lite, SQL_SAVEPOINT, NO_ARGS, NULL, err)) return false;
    struct tx tx = { lite };
    request->ran = true;
    request->good = request->body(&tx, request->with, &request->err);
    if (!request->good && request->err.cause == CAUSE_NONE)
        fail(&request->err, CAUSE_INTERNAL, "a change of the database failed without a reason");
    if (sqlite3_get_autocommit(lite->handle)) { /* a full disk, for one, makes SQLite roll back by itself */
        if (request->good) return fail(err, CAUSE_IO, "the database gave up a transaction");
        *err = request->err;
        return false;
    }
    if (!request->good && !query_run(lite, SQL_SAVEPOINT_UNDO, NO_ARGS, NULL, err)) return false;
    return query_run(lite, SQL_SAVEPOINT_KEEP, NO_ARGS, NULL, err);
}

/* What an earlier group could not even roll back goes first. */
static bool begin(struct sqlite *lite, struct error *err)
{
    return (sqlite3_get_autocommit(lite->handle) || query_run(lite, SQL_ROLLBACK, NO_ARGS, NULL, err)) &&
           query_run(lite, SQL_BEGIN, NO_ARGS, NULL, err);
}

/* `*behind_out`: whether the index needs another turn. Without a group this is one for it alone. */
static bool run_bodies(struct sqlite *lite, struct write_request *group, bool *behind_out, struct error *err)
{
    *behind_out = false; /* after a failure the next change tries again */
    if (!begin(lite, err)) return false;
    for (struct write_request *request = group; request; request = request->next)
        if (!run_body(lite, request, err)) return false;
    bool behind;
    if (!index_catch_up(lite, &behind, err) || !query_run(lite, SQL_COMMIT, NO_ARGS, NULL, err)) return false;
    *behind_out = behind;
    return true;
}

/* Nothing of the group is stored: who thought it was learns why not, who failed by itself keeps its own
 * reason. */
static void fail_group(struct sqlite *lite, struct write_request *group, const struct error *why)
{
    struct error ignored;
    if (!sqlite3_get_autocommit(lite->handle) && !query_run(lite, SQL_ROLLBACK, NO_ARGS, NULL, &ignored)) {
        /* The next group begins with it. */
    }
    for (struct write_request *request = group; request; request = request->next) {
        if (request->good || !request->ran) request->err = *why;
        request->good = false;
    }
}

static void end_posted(struct write_request *request)
{
    request->release(request->with);
    free(request);
}

/* Without the mutex, which all of them would wake up to wait for. A caller's stack is his own again from his
 * post on. */
static void answer_group(struct write_request *group)
{
    while (group) {
        struct write_request *const next = group->next;
        if (group->release)
            end_posted(group);
        else
            sem_post(&group->answered);
        group = next;
    }
}

static void count_group(struct writer *writer, const struct write_request *group, bool committed)
{
    pthread_mutex_lock(&writer->mutex);
    writer->commits += committed;
    for (; group; group = group->next) {
        writer->writes++;
        writer->posted -= group->release != NULL;
    }
    pthread_mutex_unlock(&writer->mutex);
}

/* Everything that waits; nothing at once when the index is behind. False when the thread shall end. */
static bool take_group(struct writer *writer, bool behind, struct write_request **out)
{
    pthread_mutex_lock(&writer->mutex);
    while (!writer->first && !writer->stopping && !behind) pthread_cond_wait(&writer->work, &writer->mutex);
    struct write_request *const group = writer->first;
    const bool stopping = writer->stopping;
    writer->first = NULL;
    writer->last = &writer->first;
    pthread_mutex_unlock(&writer->mutex);
    *out = group;
    return group || !stopping;
}

static void *write_groups(void *with)
{
    struct writer *const writer = with;
    struct write_request *group;
    bool behind; /* from the start on: an earlier server may have left some */
    struct error ignored;
    if (!index_waits(writer->lite, &behind, &ignored)) behind = false; /* the first change tries again */
    while (take_group(writer, behind, &group)) {
        struct error err;
        const bool committed = run_bodies(writer->lite, group, &behind, &err);
        if (!committed) fail_group(writer->lite, group, &err);
        atomic_fetch_add(&writer->version, 1); /* also after a failure: who knows how far it came */
        count_group(writer, group, committed && group);
        answer_group(group);
    }
    return NULL;
}

bool writer_start(struct writer *writer, struct sqlite *lite, struct error *err)
{
    *writer = (struct writer){ .lite = lite, .last = &writer->first };
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->work, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the threads that expect them */
    const int code = pthread_create(&writer->thread, NULL, write_groups, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0 || fail_errno(err, code, "the thread that writes to the database could not be started");
}

bool writer_do(struct writer *writer, tx_body *body, void *with, struct error *err)
{
    assert(!pthread_equal(pthread_self(), writer->thread)); /* it would wait for itself */
    struct write_request request = { .body = body, .with = with };
    sem_init(&request.answered, 0, 0);
    pthread_mutex_lock(&writer->mutex);
    if (writer->stopping) {
        pthread_mutex_unlock(&writer->mutex);
        return fail(err, CAUSE_UNAVAILABLE, "the server is stopping; try again when it is back");
    }
    *writer->last = &request;
    writer->last = &request.next;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->mutex);
    while (sem_wait(&request.answered) < 0 && errno == EINTR) continue;
    sem_destroy(&request.answered);
    if (!request.good && err) *err = request.err;
    return request.good;
}

bool writer_post(struct writer *writer, tx_body *body, void *with, void (*release)(void *with))
{
    struct write_request *const request = calloc(1, sizeof *request);
    if (!request) return false;
    *request = (struct write_request){ .body = body, .with = with, .release = release };
    pthread_mutex_lock(&writer->mutex);
    const bool room = !writer->stopping && writer->posted < POSTED_MAX;
    if (room) {
        *writer->last = request;
        writer->last = &request->next;
        writer->posted++;
        pthread_cond_signal(&writer->work);
    }
    pthread_mutex_unlock(&writer->mutex);
    if (!room) free(request);
    return room;
}

void writer_stop(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    sqlite_close(writer->lite);
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->mutex);
}
