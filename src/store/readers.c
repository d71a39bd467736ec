#include "store/readers.h"

void readers_init(struct readers *readers, const char *path)
{
    *readers = (struct readers){ .path = path };
    pthread_mutex_init(&readers->mutex, NULL);
    pthread_cond_init(&readers->returned, NULL);
}

/* An idle one, or NULL with a place in the pool for a new one. */
static struct sqlite *take_idle_or_place(struct readers *readers)
{
    pthread_mutex_lock(&readers->mutex);
    while (!readers->idle && readers->count == READERS_MAX)
        pthread_cond_wait(&readers->returned, &readers->mutex);
    struct sqlite *const lite = readers->idle;
    if (lite)
        readers->idle = lite->next;
    else
        readers->count++;
    pthread_mutex_unlock(&readers->mutex);
    return lite;
}

bool readers_take(struct readers *readers, struct sqlite **out, struct error *err)
{
    struct sqlite *lite = take_idle_or_place(readers);
    if (!lite && !sqlite_open(readers->path, SQLITE_READING, &lite, err)) {
        pthread_mutex_lock(&readers->mutex);
        readers->count--;
        pthread_cond_signal(&readers->returned);
        pthread_mutex_unlock(&readers->mutex);
        return false;
    }
    *out = lite;
    return true;
}

void readers_put(struct readers *readers, struct sqlite *lite)
{
    pthread_mutex_lock(&readers->mutex);
    lite->next = readers->idle;
    readers->idle = lite;
    pthread_cond_signal(&readers->returned);
    pthread_mutex_unlock(&readers->mutex);
}

void readers_clear(struct readers *readers)
{
    while (readers->idle) {
        struct sqlite *const lite = readers->idle;
        readers->idle = lite->next;
        sqlite_close(lite);
        readers->count--;
    }
    assert(readers->count == 0);
    pthread_cond_destroy(&readers->returned);
    pthread_mutex_destroy(&readers->mutex);
}
