/* The end of an attempt: in the queue, in the rows of its kind, in the evidence. */
#include "work/crew.h"

#include "base/text.h"
#include "base/time.h"

#include <math.h>

static struct evidence evidence_of(const struct load *load)
{
    const struct worker_trace *const trace = &load->run.trace;
    return (struct evidence){
        .attempt = load->job.attempt,
        .cause = cause_code(load->why.cause),
        .error = load->why.text,
        .began_at = load->job.claimed_at,
        .ended_at = time_now(),
        .stage = text_empty(load->last.stage) ? NULL : load->last.stage,
        .progress = load->began ? load->last.progress : (double)NAN,
        .task = trace->task,
        .signal = trace->task ? trace->signal : INT_NONE,
        .status = trace->task ? trace->status : INT_NONE,
        .limit = trace->limit,
        .input = trace->input,
    };
}

static bool end_well(struct tx *tx, struct load *load, struct error *err)
{
    load->outcome = "succeeded";
    return queue_succeed(tx, &load->job, err) &&
           (!load->kind->succeeded || load->kind->succeeded(tx, &load->run, err));
}

static bool end_cancelled(struct tx *tx, struct load *load, struct error *err)
{
    load->outcome = "cancelled";
    fail(&load->why, CAUSE_CANCELLED, "the job was cancelled");
    return queue_cancelled(tx, &load->job, err) &&
           (!load->kind->cancelled || load->kind->cancelled(tx, load->job.id, err));
}

/* Only the row knows: a cancel that came while the job was failing by itself counts, else it would sleep
 * through a back-off; one that was meant for an earlier run does not. */
static bool cancel_was_asked(struct tx *tx, const struct load *load, bool *out, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct job now;
    if (!queue_get_in(tx, load->job.id, &mem, &now, err)) return false;
    *out = now.cancel_requested;
    return true;
}

bool load_end(struct tx *tx, struct load *load, struct error *err)
{
    const struct job *const job = &load->job;
    const struct job_kind *const kind = load->kind;
    const struct error *const why = &load->why;
    int64_t delay_ms = 0;
    bool asked = false;
    if (why->cause == CAUSE_NONE) return end_well(tx, load, err);
    if (!cancel_was_asked(tx, load, &asked, err)) return false;
    if (asked) return end_cancelled(tx, load, err);
    const struct evidence evidence = evidence_of(load);
    if (queue_may_retry(job, why, &delay_ms)) {
        load->outcome = "queued again";
        return queue_again(tx, job, delay_ms, why, &evidence, err) &&
               (!kind->requeued || kind->requeued(tx, job->id, why, err));
    }
    load->outcome = "failed";
    return queue_fail(tx, job, why, &evidence, err) &&
           (!kind->failed || kind->failed(tx, job->id, why, err));
}

bool load_refuse(struct tx *tx, struct load *load, struct error *err)
{
    const struct evidence evidence = evidence_of(load);
    return queue_fail(tx, &load->job, &load->why, &evidence, err);
}
