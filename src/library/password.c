#include "library/password.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

/* libsodium's interactive limits (2 passes over 64 MiB): above the OWASP minimum for argon2id of 2 over 19
 * MiB. */
static const unsigned long long passes = crypto_pwhash_OPSLIMIT_INTERACTIVE;
static const size_t memory_bytes = crypto_pwhash_MEMLIMIT_INTERACTIVE;

enum { AT_ONCE_MAX = 4, PASSWORD_MAX_BYTES = 1024 };

static_assert(crypto_pwhash_STRBYTES <= sizeof((struct password_hash){ { 0 } }.text), "a hash fits");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t freed = PTHREAD_COND_INITIALIZER;
static int running;

static void enter(void)
{
    pthread_mutex_lock(&lock);
    while (running >= AT_ONCE_MAX) pthread_cond_wait(&freed, &lock);
    running++;
    pthread_mutex_unlock(&lock);
}

static void leave(void)
{
    pthread_mutex_lock(&lock);
    running--;
    pthread_cond_signal(&freed);
    pthread_mutex_unlock(&lock);
}

static bool make(const char *password, struct password_hash *out)
{
    enter();
    const bool good = crypto_pwhash_str_alg(out->text, password, strlen(password), passes, memory_bytes,
                                            crypto_pwhash_ALG_ARGON2ID13) == 0;
    leave();
    return good;
}

bool password_hash(const char *password, struct password_hash *out, struct error *err)
{
    struct password_hash hash = { 0 };
    if (strlen(password) > PASSWORD_MAX_BYTES)
        return fail_field(err, CAUSE_INVALID, "password", "a password has at most %d bytes",
                          PASSWORD_MAX_BYTES);
    if (sodium_init() < 0 || !make(password, &hash))
        return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to protect the password right now");
    *out = hash;
    return true;
}

bool password_matches(const char *hash, const char *password)
{
    static const char prefix[] = crypto_pwhash_STRPREFIX;
    struct password_hash ignored;
    if (sodium_init() < 0 || strlen(password) > PASSWORD_MAX_BYTES) return false;
    if (!hash || strncmp(hash, prefix, sizeof prefix - 1) != 0 || strlen(hash) >= crypto_pwhash_STRBYTES) {
        (void)make(password, &ignored);
        return false;
    }
    char padded[crypto_pwhash_STRBYTES] = { 0 };
    memcpy(padded, hash, strlen(hash));
    enter();
    const bool good = crypto_pwhash_str_verify(padded, password, strlen(password)) == 0;
    leave();
    return good;
}

bool password_outdated(const char *hash)
{
    return !hash || sodium_init() < 0 || crypto_pwhash_str_needs_rehash(hash, passes, memory_bytes) != 0;
}
