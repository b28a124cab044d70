/* A machine whose clock is ahead: the time of day comes so many seconds later, as COUNTERSIGN_TEST_AHEAD says, and only
   that. Timers go by the steady clock, which stays as it is. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long ahead;

__attribute__((constructor)) static void read_ahead(void) {
  const char *given = getenv("COUNTERSIGN_TEST_AHEAD");
  ahead = given ? atol(given) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  long failed = syscall(SYS_clock_gettime, clock, at);
  if (!failed && clock == CLOCK_REALTIME) at->tv_sec += ahead;
  return (int)failed;
}
