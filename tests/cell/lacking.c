/* lacking WORD[,WORD] PROGRAM [ARGUMENT...]: runs a program as if on a kernel without landlock or seccomp:
 * the calls that ask for them fail as they do there. The program cannot tell the difference. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int refuse_prctl(scmp_filter_ctx filter, unsigned long what)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, what));
}

static int take_away(scmp_filter_ctx filter, const char *words)
{
    int got = 0;
    if (strstr(words, "landlock"))
        got = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
    if (got == 0 && strstr(words, "seccomp"))
        got = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0) ||
              refuse_prctl(filter, PR_SET_SECCOMP) || refuse_prctl(filter, PR_GET_SECCOMP);
    return got;
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter || take_away(filter, argv[1]) != 0 || seccomp_load(filter) != 0) return 3;
    execv(argv[2], argv + 2);
    return 4;
}
