#include "library/password.h"

#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* libsodium's interactive limits (2 passes over 64 MiB): above the OWASP minimum for argon2id of 2 over 19
 * MiB. */
static const unsigned long long passes = crypto_pwhash_OPSLIMIT_INTERACTIVE;
static const size_t memory_bytes = crypto_pwhash_MEMLIMIT_INTERACTIVE;

enum { AT_ONCE_MAX = 4, WAITING_MAX = 16, WAIT_S = 3, PASSWORD_MAX_BYTES = 1024 };

static_assert(crypto_pwhash_STRBYTES <= sizeof((struct password_hash){ { 0 } }.text), "a hash fits");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t freed = PTHREAD_COND_INITIALIZER;
static int running, waiting;

static bool wait_for_room(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_S;
    waiting++;
    while (running >= AT_ONCE_MAX && !pthread_cond_clockwait(&freed, &lock, CLOCK_MONOTONIC, &until))
        continue;
    waiting--;
    return running < AT_ONCE_MAX;
}

static bool enter(struct error *err)
{
    pthread_mutex_lock(&lock);
    const bool room = running < AT_ONCE_MAX || (waiting < WAITING_MAX && wait_for_room());
    running += room;
    pthread_mutex_unlock(&lock);
    return room || fail_for(err, CAUSE_TOO_MANY, (int64_t)WAIT_S * 1000000,
                            "too many people are logging in right now; try again in a moment");
}

static void leave(void)
{
    pthread_mutex_lock(&lock);
    running--;
    pthread_cond_signal(&freed);
    pthread_mutex_unlock(&lock);
}

static bool make(const char *password, struct password_hash *out, struct error *err)
{
    if (!enter(err)) return false;
    const bool good = crypto_pwhash_str_alg(out->text, password, strlen(password), passes, memory_bytes,
                                            crypto_pwhash_ALG_ARGON2ID13) == 0;
    leave();
    return good ||
           fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to protect the password right now");
}

bool password_hash(const char *password, struct password_hash *out, struct error *err)
{
    struct password_hash hash = { 0 };
    if (strlen(password) > PASSWORD_MAX_BYTES)
        return fail_field(err, CAUSE_INVALID, "password", "a password has at most %d bytes",
                          PASSWORD_MAX_BYTES);
    if (sodium_init() < 0) return fail(err, CAUSE_INTERNAL, "the cryptographic library does not start");
    if (!make(password, &hash, err)) return false;
    *out = hash;
    return true;
}

/* What a hash of libsodium's says: how it was made, and what came out. */
struct recipe {
    unsigned memory_kib, passes;
    unsigned char salt[crypto_pwhash_SALTBYTES], key[32];
};

static bool decode(const char *text, void *out, size_t size_bytes)
{
    size_t size;
    return sodium_base642bin(out, size_bytes, text, strlen(text), NULL, &size, NULL,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           size == size_bytes;
}

static bool read_recipe(const char *hash, struct recipe *out)
{
    char salt[23], key[44];
    int end = 0;
    return sscanf(hash, "$argon2id$v=19$m=%u,t=%u,p=1$%22[^$]$%43[^$]%n", &out->memory_kib, &out->passes,
                  salt, key, &end) == 4 &&
           !hash[end] && decode(salt, out->salt, sizeof out->salt) && decode(key, out->key, sizeof out->key);
}

/* By making it again: libsodium's own check calls it a wrong password when there was no memory. */
static bool verify(const struct recipe *recipe, const char *password, bool *matches_out, struct error *err)
{
    unsigned char key[sizeof recipe->key];
    if (!enter(err)) return false;
    errno = 0;
    const bool made = crypto_pwhash(key, sizeof key, password, strlen(password), recipe->salt, recipe->passes,
                                    (size_t)recipe->memory_kib << 10, crypto_pwhash_ALG_ARGON2ID13) == 0;
    const bool senseless = errno == EINVAL; /* its parameters are out of range: nobody can match it */
    leave();
    if (!made && !senseless)
        return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to check the password right now");
    *matches_out = made && sodium_memcmp(key, recipe->key, sizeof key) == 0;
    return true;
}

bool password_matches(const char *hash, const char *password, bool *matches_out, struct error *err)
{
    struct password_hash ignored;
    struct recipe recipe;
    if (sodium_init() < 0) return fail(err, CAUSE_INTERNAL, "the cryptographic library does not start");
    if (strlen(password) > PASSWORD_MAX_BYTES) {
        *matches_out = false;
        return true;
    }
    if (hash && read_recipe(hash, &recipe)) return verify(&recipe, password, matches_out, err);
    if (!make(password, &ignored, err)) return false;
    *matches_out = false;
    return true;
}

bool password_outdated(const char *hash)
{
    return !hash || sodium_init() < 0 || crypto_pwhash_str_needs_rehash(hash, passes, memory_bytes) != 0;
}

bool password_check(const char *password, struct error *err)
{
    const size_t size = strlen(password);
    if (text_valid_utf8(password, size) && text_length(password) >= PASSWORD_MIN &&
        text_length(password) <= PASSWORD_MAX)
        return true;
    return fail_field(err, CAUSE_INVALID, "password", "a password has %d to %d characters", PASSWORD_MIN,
                      PASSWORD_MAX);
}
