/* Sessions and keys against a real database: what is good, what ends, and that one read decides. */
#include "base/time.h"
#include "library/acquaintance.h"
#include "library/key.h"
#include "library/role.h"
#include "library/session.h"
#include "test.h"

#include <sodium.h>
#include <sqlite3.h>
#include <unistd.h>

static struct error err;

enum { DAY_S = 86400 };
static const struct session_origin nowhere = { 0 };
static const struct session_rules day = { "a signing secret", DAY_S * (int64_t)SECOND };

struct place {
    char path[64];
    struct library lib;
    struct arena mem;
    struct user mira;
};

static void place_cleanup(struct place *p)
{
    char command[128];
    db_close(p->lib.db);
    arena_clear(&p->mem);
    snprintf(command, sizeof command, "rm -f %s*", p->path);
    if (system(command) != 0) fprintf(stderr, "%s stays behind\n", p->path);
}

static bool place_open(struct place *p)
{
    const struct texts roles = { (const char *[]){ "creator" }, 1 };
    const struct register_in in = { .username = "mira", .password = "long enough" };
    snprintf(p->path, sizeof p->path, "/tmp/umam-session-%d.db", getpid());
    return db_open(p->path, &p->lib.db, &err) &&
           user_register(&p->lib, &p->mem, &in, &roles, &p->mira, &err);
}

static bool admitted(struct place *p, const char *session_id, int64_t issued_at, struct admission *out)
{
    const struct texts roles = { (const char *[]){ "admin", "creator" }, 2 };
    const struct claims claims = {
        .subject = "mira", .roles = roles, .session_id = session_id, .issued_at = issued_at
    };
    return session_admit(&p->lib, &p->mem, &claims, out, &err);
}

TEST(a_session_admits_until_it_is_closed)
{
    AUTO(place) struct place p = { 0 };
    struct session session;
    struct admission admission;
    CHECK_OK(place_open(&p));
    CHECK_OK(session_open(&p.lib, &p.mem, &p.mira, &(struct session_origin){ "192.0.2.1", NULL }, &day,
                          &session, &err));
    CHECK_OK(admitted(&p, session.id, time_now(), &admission));
    CHECK(admission.roles.count == 1 && strcmp(admission.roles.items[0], "creator") == 0);
    CHECK_OK(session_close(&p.lib, session.id, &err));
    CHECK_OK(session_close(&p.lib, session.id, &err));
    CHECK(!admitted(&p, session.id, time_now(), &admission) && admission.ended);
    CHECK(err.cause == CAUSE_UNAUTHENTICATED);
}

static bool switch_account(struct place *p, bool active)
{
    struct user changed;
    return user_change(&p->lib, &p->mem, "mira", &(struct user_change){ .is_active = &active }, &changed,
                       &err);
}

TEST(a_login_does_not_outlive_a_change_that_came_in_between)
{
    AUTO(place) struct place p = { 0 };
    const struct password_in in = { .current_password = "another one", .new_password = "a third one" };
    struct session session;
    struct user changed;
    int64_t keys;
    CHECK_OK(place_open(&p));
    CHECK_OK(user_set_password(&p.lib, &p.mem, "mira", "another one", false, &keys, &err));
    CHECK(!session_open(&p.lib, &p.mem, &p.mira, &nowhere, &day, &session, &err));
    CHECK(err.cause == CAUSE_UNAUTHENTICATED);
    CHECK_OK(user_change_password(&p.lib, &p.mem, "mira", &in, &changed, &keys, &err));
    CHECK_OK(session_open(&p.lib, &p.mem, &changed, &nowhere, &day, &session, &err));
    CHECK_OK(switch_account(&p, false));
    CHECK(!session_open(&p.lib, &p.mem, &changed, &nowhere, &day, &session, &err));
    CHECK(err.cause == CAUSE_UNAUTHENTICATED);
}

static bool make_key(struct place *p, const char *session_id, const char **text_out)
{
    const struct key_in in = { .name = "job",
                               .scopes = { (const char *[]){ "read" }, 1 },
                               .session_id = session_id };
    struct key key;
    return key_create(&p->lib, &p->mem, &p->mira, MAY_ALL, &in, &key, text_out, &err);
}

TEST(keys_end_with_the_password_unless_they_are_kept)
{
    AUTO(place) struct place p = { 0 };
    struct password_in in = { "long enough", "another one", .keep_api_keys = true };
    struct key_admission unlocked;
    struct user changed;
    const char *text, *second;
    int64_t keys = -1;
    CHECK_OK(place_open(&p));
    CHECK_OK(make_key(&p, NULL, &text) && make_key(&p, NULL, &second));
    CHECK_OK(user_change_password(&p.lib, &p.mem, "mira", &in, &changed, &keys, &err));
    CHECK_INT(keys, 0);
    CHECK_OK(key_admit(&p.lib, &p.mem, text, &unlocked, &err));
    CHECK(!user_change_password(&p.lib, &p.mem, "mira", &(struct password_in){ "wrong", "a third one" },
                                &changed, &keys, &err));
    CHECK_OK(key_admit(&p.lib, &p.mem, text, &unlocked, &err));
    CHECK_OK(user_change_password(&p.lib, &p.mem, "mira",
                                  &(struct password_in){ "another one", "a third one" }, &changed, &keys,
                                  &err));
    CHECK_INT(keys, 2);
    CHECK(!key_admit(&p.lib, &p.mem, text, &unlocked, &err) &&
          !key_admit(&p.lib, &p.mem, second, &unlocked, &err));
    CHECK_OK(make_key(&p, NULL, &text));
    CHECK_OK(user_set_password(&p.lib, &p.mem, "mira", "a fourth one", true, &keys, &err));
    CHECK_OK(key_admit(&p.lib, &p.mem, text, &unlocked, &err));
    CHECK_OK(user_set_password(&p.lib, &p.mem, "mira", "a fifth one", false, &keys, &err));
    CHECK_INT(keys, 1);
    CHECK(!key_admit(&p.lib, &p.mem, text, &unlocked, &err));
}

TEST(a_login_that_ended_makes_no_key)
{
    AUTO(place) struct place p = { 0 };
    struct session session;
    const char *text;
    CHECK_OK(place_open(&p));
    CHECK_OK(session_open(&p.lib, &p.mem, &p.mira, &nowhere, &day, &session, &err));
    CHECK_OK(make_key(&p, session.id, &text));
    CHECK_OK(session_close(&p.lib, session.id, &err));
    CHECK(!make_key(&p, session.id, &text));
    CHECK(err.cause == CAUSE_UNAUTHENTICATED);
}

TEST(what_was_open_when_the_account_was_switched_off_stays_closed)
{
    AUTO(place) struct place p = { 0 };
    const struct key_in in = { .name = "job", .scopes = { (const char *[]){ "read" }, 1 } };
    struct session session, next;
    struct admission admission;
    struct key_admission unlocked;
    struct key key;
    struct user user;
    const char *replayed, *text;
    CHECK_OK(place_open(&p));
    CHECK_OK(session_open(&p.lib, &p.mem, &p.mira, &nowhere, &day, &session, &err));
    CHECK_OK(key_create(&p.lib, &p.mem, &p.mira, MAY_ALL, &in, &key, &text, &err));
    const int64_t before = time_now() / SECOND * SECOND;
    CHECK_OK(admitted(&p, NULL, before, &admission));
    CHECK_OK(switch_account(&p, false));
    CHECK(!key_admit(&p.lib, &p.mem, text, &unlocked, &err));
    CHECK_OK(switch_account(&p, true));
    CHECK(!admitted(&p, session.id, time_now(), &admission) && admission.ended);
    CHECK(!admitted(&p, NULL, before, &admission) && admission.ended);
    CHECK(!session_refresh(&p.lib, &p.mem, session.refresh_token, &day, &next, &user, &replayed, &err));
    CHECK_OK(key_admit(&p.lib, &p.mem, text, &unlocked, &err));
    CHECK_OK(session_open(&p.lib, &p.mem, &p.mira, &nowhere, &day, &session, &err));
}

static int64_t set_hash(struct place *p, const char *hash, const char *seen)
{
    int64_t changed = -1;
    return db_run(p->lib.db, SQL_USER_SET_PASSWORD,
                  ARGS(db_text("id", p->mira.id), db_text("password_hash", hash), db_text("seen", seen)),
                  &changed, &err)
               ? changed
               : -1;
}

TEST(a_weak_hash_is_renewed_unless_it_was_replaced)
{
    AUTO(place) struct place p = { 0 };
    const struct login_in in = { "mira", "long enough" };
    char weak[crypto_pwhash_STRBYTES];
    struct session session;
    struct user user;
    CHECK_OK(place_open(&p));
    CHECK(crypto_pwhash_str(weak, in.password, strlen(in.password), crypto_pwhash_OPSLIMIT_MIN,
                            crypto_pwhash_MEMLIMIT_MIN) == 0);
    CHECK_INT(set_hash(&p, weak, NULL), 1);
    CHECK_OK(user_login(&p.lib, &p.mem, &in, &user, &err));
    CHECK(strcmp(user.password_hash, weak) != 0);
    CHECK_OK(session_open(&p.lib, &p.mem, &user, &nowhere, &day, &session, &err));
    CHECK_INT(set_hash(&p, weak, weak), 0); /* what a login that is late would write */
    CHECK_OK(user_login(&p.lib, &p.mem, &in, &p.mira, &err));
    CHECK_TEXT(p.mira.password_hash, user.password_hash);
}

TEST(a_session_that_has_run_out_is_none)
{
    AUTO(place) struct place p = { 0 };
    struct session session, next;
    struct admission admission;
    struct user user;
    const char *replayed;
    CHECK_OK(place_open(&p));
    CHECK_OK(session_open(&p.lib, &p.mem, &p.mira, &nowhere, &(struct session_rules){ day.secret, 1 },
                          &session, &err));
    CHECK(!admitted(&p, session.id, time_now(), &admission) && admission.ended);
    CHECK(!session_refresh(&p.lib, &p.mem, session.refresh_token, &day, &next, &user, &replayed, &err));
    CHECK(!replayed && err.cause == CAUSE_UNAUTHENTICATED);
}

TEST(a_replay_names_whose_session_ended)
{
    AUTO(place) struct place p = { 0 };
    struct session session, next, none;
    struct user user;
    const char *replayed;
    CHECK_OK(place_open(&p));
    CHECK_OK(session_open(&p.lib, &p.mem, &p.mira, &nowhere, &day, &session, &err));
    CHECK_OK(session_refresh(&p.lib, &p.mem, session.refresh_token, &day, &next, &user, &replayed, &err));
    CHECK_TEXT(user.username, "mira");
    CHECK_TEXT(next.id, session.id);
    CHECK(!session_refresh(&p.lib, &p.mem, session.refresh_token, &day, &none, &user, &replayed, &err));
    CHECK_TEXT(replayed, "mira");
    CHECK(!session_refresh(&p.lib, &p.mem, next.refresh_token, &day, &none, &user, &replayed, &err));
    CHECK(!replayed);
}

/* The text with its byte at `at` replaced by another of the same alphabet. */
static const char *altered(struct arena *mem, const char *text, size_t at)
{
    char *const other = arena_text(mem, text);
    other[at] = other[at] == 'b' ? 'c' : 'b';
    return other;
}

static bool refused(struct place *p, const char *token, const struct session_rules *rules)
{
    struct session next;
    struct user user;
    const char *replayed;
    return !session_refresh(&p->lib, &p->mem, token, rules, &next, &user, &replayed, &err) && !replayed &&
           err.cause == CAUSE_UNAUTHENTICATED;
}

TEST(a_refresh_token_that_was_never_issued_ends_nothing)
{
    AUTO(place) struct place p = { 0 };
    const struct session_rules other = { "another signing secret", day.life_us };
    struct session session, second, next;
    struct user user;
    const char *replayed;
    CHECK_OK(place_open(&p));
    CHECK_OK(session_open(&p.lib, &p.mem, &p.mira, &nowhere, &day, &session, &err));
    CHECK_OK(session_open(&p.lib, &p.mem, &p.mira, &nowhere, &day, &second, &err));
    const size_t size = strlen(session.refresh_token), seal = size - 16;
    for (size_t at = 0; at < size; at++)
        CHECK_MSG(refused(&p, altered(&p.mem, session.refresh_token, at), &day), "byte %zu", at);
    CHECK(refused(&p, arena_text_n(&p.mem, session.refresh_token, seal), &day)); /* as they were before */
    CHECK(refused(
        &p, arena_printf(&p.mem, "%.*s%s", (int)seal, session.refresh_token, second.refresh_token + seal),
        &day));
    CHECK(refused(&p, session.refresh_token, &other));
    CHECK_OK(session_refresh(&p.lib, &p.mem, session.refresh_token, &day, &next, &user, &replayed, &err));
}

static bool from(struct place *p, const char *network)
{
    const struct session_origin origin = { "192.0.2.1", network };
    struct session session;
    return session_open(&p->lib, &p->mem, &p->mira, &origin, &day, &session, &err);
}

static bool known(struct place *p, const char *username, const char *network)
{
    bool known = false;
    return acquaintance_find(&p->lib, username, network, &known, &err) && known;
}

TEST(an_account_knows_the_networks_of_its_last_logins)
{
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p));
    CHECK_OK(from(&p, "first") && from(&p, "second"));
    CHECK(known(&p, "mira", "first") && known(&p, "mira", "second"));
    CHECK(!known(&p, "mira", "third") && !known(&p, "nobody", "first"));
    for (int i = 2; i < ACQUAINTANCES_MAX; i++) CHECK_OK(from(&p, arena_printf(&p.mem, "network %d", i)));
    CHECK_OK(from(&p, "first")); /* seen again: the second is the oldest now */
    CHECK(known(&p, "mira", "second"));
    CHECK_OK(from(&p, "one more"));
    CHECK(known(&p, "mira", "first") && known(&p, "mira", "one more") && !known(&p, "mira", "second"));
}

/* Rows, whoever's; -1 when they cannot be read. */
static int networks_kept(const struct place *p)
{
    int count = -1;
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    if (sqlite3_open_v2(p->path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT COUNT(*) FROM login_networks", -1, &rows, NULL) == SQLITE_OK &&
        sqlite3_step(rows) == SQLITE_ROW)
        count = sqlite3_column_int(rows, 0);
    sqlite3_finalize(rows);
    sqlite3_close(db);
    return count;
}

TEST(an_acquaintance_ends_with_its_time_and_with_the_account)
{
    enum { LIFE_S = ACQUAINTANCE_DAYS * DAY_S };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p));
    CHECK_OK(from(&p, "home"));
    time_shift((LIFE_S - 60) * (int64_t)SECOND);
    CHECK(known(&p, "mira", "home"));
    time_shift(120 * (int64_t)SECOND);
    CHECK(!known(&p, "mira", "home"));
    CHECK_OK(from(&p, "elsewhere"));
    CHECK_INT(networks_kept(&p), 1);
    CHECK_OK(user_drop(&p.lib, &p.mem, "mira", &err));
    CHECK_INT(networks_kept(&p), 0);
    time_shift(-(LIFE_S + 60) * (int64_t)SECOND);
}

TEST(tokens_without_a_session_are_judged_by_their_time)
{
    AUTO(place) struct place p = { 0 };
    struct admission admission;
    CHECK_OK(place_open(&p));
    CHECK_OK(admitted(&p, NULL, 0, &admission));
    const int64_t before = time_now() / SECOND * SECOND;
    CHECK_OK(user_end_sessions(&p.lib, &p.mem, "mira", &err));
    CHECK(!admitted(&p, NULL, before, &admission) && admission.ended);
    CHECK(!admitted(&p, NULL, 0, &admission) && admission.ended);
    CHECK(!admitted(&p, NULL, time_now() + 4 * SECOND, &admission) &&
          admission.ended); /* by a clock that is ahead */
    CHECK_OK(admitted(&p, NULL, time_now() + 6 * SECOND, &admission));
    const struct claims stranger = { .subject = "somebody" };
    CHECK_OK(session_admit(&p.lib, &p.mem, &stranger, &admission, &err));
}

TEST(what_a_deleted_account_had_ended_stays_so)
{
    AUTO(place) struct place p = { 0 };
    struct admission admission;
    struct user again;
    const struct texts roles = { (const char *[]){ "creator" }, 1 };
    const struct register_in in = { .username = "mira", .password = "long enough" };
    CHECK_OK(place_open(&p));
    const int64_t before = time_now();
    CHECK(!admitted(&p, NULL, before - 2 * SECOND, &admission) &&
          admission.ended); /* older than the account */
    CHECK_OK(admitted(&p, NULL, before, &admission));
    CHECK_OK(user_drop(&p.lib, &p.mem, "mira", &err));
    CHECK(!admitted(&p, NULL, before, &admission) && admission.ended);
    CHECK(!admitted(&p, NULL, 0, &admission) && admission.ended);
    CHECK_OK(admitted(&p, NULL, time_now() + 6 * SECOND,
                      &admission)); /* another issuer's, and he knows the roles */
    CHECK_INT(admission.roles.count, 2);
    CHECK_OK(user_register(&p.lib, &p.mem, &in, &roles, &again, &err));
    CHECK(!admitted(&p, NULL, before, &admission) && admission.ended);
    CHECK(!admitted(&p, NULL, 0, &admission) && admission.ended);
    CHECK_OK(admitted(&p, NULL, time_now() + 6 * SECOND, &admission));
    CHECK_INT(admission.roles.count, 1);
}

TEST(a_key_opens_as_its_account_within_its_scopes)
{
    AUTO(place) struct place p = { 0 };
    struct key key;
    struct key_admission admission;
    const char *text;
    const struct key_in in = { .name = "job", .scopes = { (const char *[]){ "read", "admin" }, 2 } };
    CHECK_OK(place_open(&p));
    CHECK(!key_create(&p.lib, &p.mem, &p.mira, MAY_READ, &in, &key, &text, &err));
    CHECK(err.cause == CAUSE_FORBIDDEN && strstr(err.text, "'admin'"));
    CHECK_OK(key_create(&p.lib, &p.mem, &p.mira, MAY_ALL, &in, &key, &text, &err));
    CHECK(key_is(text) && strlen(text) == 48);
    CHECK_OK(key_admit(&p.lib, &p.mem, text, &admission, &err));
    CHECK_TEXT(admission.username, "mira");
    CHECK_TEXT(admission.id, key.id);
    CHECK_INT(admission.scopes, MAY_READ | MAY_ADMIN);
    CHECK(!key_admit(&p.lib, &p.mem, "umam_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &admission, &err));
    CHECK(!key_drop(&p.lib, &p.mem, key.id, "somebody else", &err) && err.cause == CAUSE_NOT_FOUND);
    CHECK_OK(key_drop(&p.lib, &p.mem, key.id, p.mira.id, &err));
    CHECK(!key_admit(&p.lib, &p.mem, text, &admission, &err) && err.cause == CAUSE_UNAUTHENTICATED);
}

TEST_MAIN
